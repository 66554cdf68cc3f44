/** Entry point of the export worker: it owns the connection, so that nothing of exporting runs on the serving thread. */
import { parentPort, workerData } from "node:worker_threads";
import { must } from "@ais/base/assert.ts";
import type { Destination } from "./destination.ts";
import { runExportTest } from "./export-test.ts";
import { Exporter } from "./exporter.ts";
import { GrpcTransport } from "./grpc-transport.ts";
import { HttpTransport } from "./http-transport.ts";
import type { FromWorker, ToWorker, WorkerSetup } from "./protocol.ts";
import { Security } from "./security.ts";
import { TokenFile } from "./token-file.ts";
import type { Transport } from "./transport.ts";

const port = must(parentPort, "the export worker runs in a worker thread");
const setup: WorkerSetup = workerData;
const { tokenFile } = setup.destination;
const token = tokenFile === "" ? null : new TokenFile(tokenFile);
const security = new Security(setup.destination, onChosen);
const transport = createTransport(setup.destination);
const exporter = new Exporter({
  transport,
  scope: setup.scope,
  exportTimeoutMs: setup.exportTimeoutMs,
  report,
});

port.on("message", (message: ToWorker) => {
  switch (message.type) {
    case "batch":
      exporter.add(message);
      break;
    case "hurry":
      exporter.hurry();
      break;
    case "giveBack":
      report({ type: "givenBack", batches: exporter.giveBack() });
      transport.close();
      break;
    case "ping":
      report({ type: "pong" });
      break;
    case "test":
      void runExportTest(message, { scope: setup.scope, transport, token, security }).then(report);
  }
});

report({ type: "ready" });

function createTransport(destination: Destination): Transport {
  const options = { destination, token, security };
  return destination.httpPath === "" ? new GrpcTransport(options) : new HttpTransport(options);
}

function onChosen(endpoint: string, detected: boolean): void {
  report({ type: "chosen", endpoint });
  const fields = { endpoint, detected };
  report({ type: "log", level: "info", message: "tracing exports", fields });
}

function report(message: FromWorker): void {
  port.postMessage(message, changingHands(message));
}

function changingHands(message: FromWorker): ArrayBuffer[] {
  if (message.type === "settled") return [message.buffer];
  return message.type === "givenBack" ? message.batches.map(({ bytes }) => bytes.buffer) : [];
}
