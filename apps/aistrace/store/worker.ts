/** The worker that owns the writing connection: decodes requests, stores them in groups, and evicts in between. */
import { parentPort, workerData } from "node:worker_threads";
import { must } from "@ais/base/assert.ts";
import { errorText, isAisError } from "@ais/base/errors.ts";
import type { FromWriter, ToWriter, WriterData } from "./messages.ts";
import { WriterLoop } from "./writer-loop.ts";

const port = must(parentPort, "this module runs as a worker");
const data: WriterData = workerData;
const post = (message: FromWriter): void => port.postMessage(message);

try {
  const loop = new WriterLoop(data, post, Date.now);
  port.on("message", (message: ToWriter) => {
    if (message.type === "spans") {
      loop.submit(message);
    } else {
      loop.stop();
      post({ type: "stopped" });
      port.close();
    }
  });
  post({ type: "ready" });
} catch (error) {
  post({ type: "failed", code: isAisError(error) ? error.code : "internal", message: errorText(error) });
  port.close();
}
