#!/usr/bin/env bun
import { EXIT } from "./errors.ts";
import { processIo } from "./io.ts";
import { runCli } from "./program.ts";

/** After Ctrl-C commands clean up for this long at most. */
const INTERRUPT_GRACE_MS = 500;

const interrupt = new AbortController();
process.on("SIGINT", () => {
  if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
  interrupt.abort();
  setTimeout(() => process.exit(EXIT.interrupted), INTERRUPT_GRACE_MS).unref();
});
// `ais ls | head` ends the pipe early; that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(EXIT.ok);
});
process.exitCode = await runCli(process.argv.slice(2), processIo(interrupt.signal));
