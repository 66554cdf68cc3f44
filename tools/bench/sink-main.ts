/** Stands in for the collector: acknowledges every export at once and counts the spans, a port for each exporter. */
import * as grpc from "@grpc/grpc-js";
import { countSpans } from "./count-spans.ts";

const NO_BYTES = Buffer.alloc(0);
const identity = (bytes: Buffer): Buffer => bytes;
const SERVICE: grpc.ServiceDefinition = {
  export: {
    path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
};

const counts = Array.from({ length: Number(process.argv[2]) }, () => 0);

function listen(index: number): Promise<number> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": 64 << 20 });
  server.addService(SERVICE, {
    export(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
      counts[index] = (counts[index] ?? 0) + countSpans(call.request);
      done(null, NO_BYTES);
    },
  });
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

const ports = await Promise.all(counts.map((_, index) => listen(index)));
process.on("message", () => process.send?.(counts));
process.stdout.write(`ready at ${ports.join(",")}\n`);
