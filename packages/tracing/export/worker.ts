/** Entry point of the export worker: it owns the connection, so that nothing of exporting runs on the serving thread. */
import { parentPort, workerData } from "node:worker_threads";
import { must } from "@ais/base/assert.ts";
import { Exporter } from "./exporter.ts";
import { GrpcTransport } from "./grpc-transport.ts";
import { HttpTransport } from "./http-transport.ts";
import type { FromWorker, ToWorker, WorkerSetup } from "./protocol.ts";
import { Security } from "./security.ts";
import { TokenFile } from "./token-file.ts";
import type { Transport } from "./transport.ts";

const port = must(parentPort, "the export worker runs in a worker thread");
const setup: WorkerSetup = workerData;
const exporter = new Exporter({
  transport: createTransport(setup),
  scope: setup.scope,
  retryWindowMs: setup.retryWindowMs,
  report,
});

port.on("message", (message: ToWorker) => {
  if (message.type === "batch") exporter.add(message);
  else exporter.hurry();
});

function createTransport({ destination }: WorkerSetup): Transport {
  const token = destination.tokenFile === "" ? null : new TokenFile(destination.tokenFile);
  const options = { destination, token, security: new Security(destination, onChosen) };
  return destination.httpPath === "" ? new GrpcTransport(options) : new HttpTransport(options);
}

function onChosen(endpoint: string, detected: boolean): void {
  report({ type: "chosen", endpoint });
  const fields = { endpoint, detected };
  report({ type: "log", level: "info", message: "tracing exports", fields });
}

function report(message: FromWorker): void {
  port.postMessage(message);
}
