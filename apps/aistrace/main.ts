#!/usr/bin/env bun
import { errorText } from "@ais/base/errors.ts";
import { startAistrace } from "./aistrace.ts";
import { lineLogger } from "./log.ts";
import { helpText, parseCommandLine } from "./options.ts";
import { VERSION } from "./version.ts";

const logger = lineLogger((line) => process.stderr.write(line));

/** Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const command = parseCommandLine(args, process.env);
    if (command.run === "serve") {
      await using aistrace = await startAistrace(command.options, logger);
      const signal = await Promise.race([nextSignal(), aistrace.crashed]);
      logger.log("info", `stopping after ${signal}`);
    } else {
      process.stdout.write(command.run === "help" ? helpText() : `aistrace ${VERSION}\n`);
    }
    return 0;
  } catch (error) {
    process.stderr.write(`aistrace: ${errorText(error)}\n`);
    return 1;
  }
}

function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
}

// Everything is closed by now; a kept-alive client connection must not keep the process.
process.exit(await main(process.argv.slice(2)));
