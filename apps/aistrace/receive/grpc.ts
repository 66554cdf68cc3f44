import { AisError, errorText, isAisError } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import * as grpc from "@grpc/grpc-js";
import type { Listen } from "../listen.ts";
import { addressInUse } from "../listen.ts";
import type { Ingest } from "./ingest.ts";
import { MAX_MESSAGE_BYTES, RETRY_AFTER_S } from "./limits.ts";
import { exportResponse, RPC, rpcStatus } from "./replies.ts";

const STOP_DEADLINE_MS = 5000;

/** Messages stay bytes: the worker decodes them. */
const EXPORT: grpc.MethodDefinition<Buffer, Buffer> = {
  path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes) => bytes,
  requestDeserialize: (bytes) => bytes,
  responseSerialize: (bytes) => bytes,
  responseDeserialize: (bytes) => bytes,
};

export interface GrpcReceiver {
  readonly port: number;
  stop(): Promise<void>;
}

/** OTLP/gRPC. Throws `conflict` when the port is taken. */
export async function startGrpcReceiver(
  listen: Listen,
  ingest: Ingest,
  logger: Logger,
): Promise<GrpcReceiver> {
  // What it would print is thrown as well.
  grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    // Without this a second process would share the port and take half of the spans.
    "grpc.so_reuseport": 0,
  });
  const handle: grpc.handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    ingest.submit("protobuf", call.request).then(
      (result) => callback(null, Buffer.from(exportResponse(result))),
      (error: unknown) => callback(serviceError(error, logger)),
    );
  };
  server.addService({ Export: EXPORT }, { Export: handle });
  const port = await bind(server, listen);
  return {
    port,
    async stop() {
      const isDone = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        server.forceShutdown();
        isDone.resolve();
      }, STOP_DEADLINE_MS);
      server.tryShutdown(() => isDone.resolve());
      await isDone.promise;
      clearTimeout(timer);
    },
  };
}

function bind(server: grpc.Server, listen: Listen): Promise<number> {
  const credentials =
    listen.tls === null
      ? grpc.ServerCredentials.createInsecure()
      : grpc.ServerCredentials.createSsl(null, [
          { cert_chain: Buffer.from(listen.tls.cert), private_key: Buffer.from(listen.tls.key) },
        ]);
  return new Promise((resolve, reject) => {
    server.bindAsync(`${listen.hostname}:${listen.port}`, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(addressInUse(listen, "otlp-grpc-port", error));
    });
  });
}

function serviceError(error: unknown, logger: Logger): Partial<grpc.StatusObject> {
  const known = isAisError(error) ? error : new AisError("internal", "cannot store the spans");
  if (known !== error) logger.log("error", `an export failed: ${errorText(error)}`);
  const metadata = new grpc.Metadata();
  if (known.code === "badRequest") return { code: RPC.invalidArgument, details: known.message, metadata };
  if (known.code === "internal") return { code: RPC.internal, details: known.message, metadata };
  const code = known.code === "tooManyRequests" ? RPC.resourceExhausted : RPC.unavailable;
  // OTLP clients send again after RESOURCE_EXHAUSTED only when the status carries RetryInfo.
  const status = rpcStatus(code, known.message, RETRY_AFTER_S);
  metadata.set("grpc-status-details-bin", Buffer.from(status));
  return { code, details: known.message, metadata };
}
