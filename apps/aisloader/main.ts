#!/usr/bin/env bun
/** `aisloader`: the load generator. */
import { errorText } from "@ais/base/errors.ts";
import { UsageError } from "./options/usage-error.ts";
import { runCommand } from "./run-command.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait.
    if (interrupt.signal.aborted) process.exit(EXIT_INTERRUPTED);
    interrupt.abort();
  });
}

async function main(): Promise<number> {
  try {
    return await runCommand(process.argv.slice(2), {
      env: process.env,
      writeOut: (text) => void process.stdout.write(text),
      writeError: (text) => void process.stderr.write(text),
      outIsTerminal: process.stdout.isTTY === true,
      signal: interrupt.signal,
    });
  } catch (error) {
    process.stderr.write(`aisloader: ${errorText(error)}\n`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
  }
}

process.exitCode = await main();
