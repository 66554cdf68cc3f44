/** What a command's handler works with, and the one way in which handlers are run. */
import { basename } from "node:path";
import { systemClock } from "@ais/base/clock.ts";
import { AisClient } from "@ais/client/ais-client.ts";
import { NodeTransport } from "@ais/client/node-transport.ts";
import type { Command } from "commander";
import type { CliConfig } from "./config/cli-config.ts";
import { CanceledError, EXIT, exitStatus, failureText, UsageError } from "./errors.ts";
import type { CliIo } from "./io.ts";
import { type Colors, makeColors } from "./output/colors.ts";
import { type Column, renderProperties, renderTable } from "./output/table.ts";
import { type GlobalOptions, resolveSettings, type Settings } from "./settings.ts";
import { CommandTracer } from "./trace/command-tracer.ts";
import { reportTrace } from "./trace/report.ts";

export interface CommandContext {
  readonly io: CliIo;
  readonly settings: Settings;
  readonly colors: Colors;
  readonly client: AisClient;
  /** Writes a line to standard output. */
  print(line: string): void;
  /** Writes a line to standard error. */
  note(line: string): void;
  printJson(value: unknown): void;
  printTable(columns: readonly Column[], rows: readonly (readonly string[])[]): void;
  printProperties(pairs: readonly (readonly [string, string])[]): void;
  /** True with `--yes`. Without a terminal to ask on, `unattended` is the answer. */
  confirm(question: string, unattended: boolean): Promise<boolean>;
  /** Goes on only after a yes. Without a terminal to ask on, and `--yes`, that is a `UsageError` which says so. */
  requireYes(question: string): Promise<void>;
}

/** Arguments as commander parsed them: strings, arrays for variadic ones, undefined for optional ones left out. */
export type Arguments = readonly (string | readonly string[] | undefined)[];
export type Handler<O> = (context: CommandContext, args: Arguments, options: O) => Promise<void>;

export interface Needs {
  /** The command works though the command line's configuration cannot be read. */
  readonly withBrokenConfig?: boolean;
}

/** AIStore's start-up: 8 more attempts, one a second. */
const START_UP_RETRIES_MAX = 8;
const START_UP_DELAY_MS = 1000;

export class Runtime {
  readonly io: CliIo;
  readonly config: CliConfig;
  exitCode: number = EXIT.ok;

  constructor(io: CliIo, config: CliConfig) {
    this.io = io;
    this.config = config;
  }

  /** Makes the handler the action of a command; whatever it throws becomes `Error: …` and an exit status. */
  handle<O>(command: Command, handler: Handler<O>, needs: Needs = {}): Command {
    return command.action(async () => {
      const options = command.optsWithGlobals<GlobalOptions & O>();
      const args: Arguments = command.processedArgs;
      let endpoint = "";
      try {
        const { problem } = this.config;
        if (problem !== "" && needs.withBrokenConfig !== true) throw new Error(problem);
        const settings = resolveSettings(options, this.io, this.config);
        endpoint = settings.endpoint;
        await this.#run(settings, command, args, (context) => handler(context, args, options));
      } catch (error) {
        this.fail(error, endpoint);
      }
    });
  }

  fail(error: unknown, endpoint = ""): void {
    const interrupted = this.io.signal.aborted || error instanceof CanceledError;
    this.exitCode = interrupted ? EXIT.interrupted : exitStatus(error);
    const colors = makeColors(this.io.stderrIsTerminal && !this.io.env.NO_COLOR);
    this.io.err(
      `${colors.red("Error:")} ${interrupted ? new CanceledError().message : failureText(error, endpoint)}\n`,
    );
  }

  async #run(
    settings: Settings,
    command: Command,
    args: Arguments,
    body: (context: CommandContext) => Promise<void>,
  ): Promise<void> {
    const tracer = settings.trace ? this.#tracer(command, args) : null;
    const client = new AisClient({
      endpoint: settings.endpoint,
      transport: new NodeTransport({ skipVerify: settings.skipVerify }),
      headers: { "user-agent": "ais/cli" },
      startUpWait: {
        retriesMax: START_UP_RETRIES_MAX,
        delayMs: START_UP_DELAY_MS,
        onWait: () => this.io.err("(waiting for cluster to start ...)\n"),
      },
      ...(settings.token === "" ? {} : { token: settings.token }),
      ...(tracer === null ? {} : { observer: tracer }),
    });
    const context = makeContext(this.io, settings, client);
    try {
      await body(context);
      tracer?.finish(null);
    } catch (error) {
      tracer?.finish(error);
      throw error;
    } finally {
      client.close();
      if (tracer !== null) await reportTrace(tracer, context);
    }
  }

  #tracer(command: Command, args: Arguments): CommandTracer {
    const words = args.flat().filter((arg): arg is string => typeof arg === "string");
    return new CommandTracer({ commandName: commandPath(command), args: words, clock: systemClock });
  }
}

/** `ais object put`. */
export function commandPath(command: Command): string {
  const names: string[] = [];
  for (let step: Command | null = command; step !== null; step = step.parent) names.unshift(step.name());
  return names.map((name) => basename(name)).join(" ");
}

function makeContext(io: CliIo, settings: Settings, client: AisClient): CommandContext {
  const confirm = (question: string, unattended: boolean) => ask(io, settings, question, unattended);
  const colors = makeColors(settings.color);
  const tableOptions = { headers: settings.headers, colors };
  return {
    io,
    settings,
    colors,
    client,
    print: (line) => io.out(`${line}\n`),
    note: (line) => io.err(`${line}\n`),
    printJson: (value) => io.out(`${prettyJson(value)}\n`),
    printTable: (columns, rows) => io.out(renderTable(columns, rows, tableOptions)),
    printProperties(pairs) {
      const shown = pairs.map(([name, value]): [string, string] => [name, value === "" ? "-" : value]);
      io.out(renderProperties(shown, tableOptions));
    },
    confirm,
    async requireYes(question) {
      if (await confirm(question, false)) return;
      throw new UsageError(`this takes --yes where there is no terminal to ask on: ${question}`);
    },
  };
}

/** Throws `CanceledError` when somebody was asked and did not say yes. */
async function ask(io: CliIo, settings: Settings, question: string, unattended: boolean): Promise<boolean> {
  if (settings.yes) return true;
  if (!io.stdinIsTerminal || !io.stderrIsTerminal) return unattended;
  const answer = (await io.ask(`${question} [Y/N]: `)).trim().toLowerCase();
  if (/^(y|yes|t|true|1|on)$/.test(answer)) return true;
  throw new CanceledError();
}

/** Indented as AIStore does; 64-bit integers stay exact as numbers. */
function prettyJson(value: unknown): string {
  const exact = new Map<string, string>();
  const text = JSON.stringify(
    value,
    (_key, member: unknown) => {
      if (typeof member !== "bigint") return member;
      const placeholder = `\u0000${exact.size}\u0000`;
      exact.set(JSON.stringify(placeholder), member.toString());
      return placeholder;
    },
    4,
  );
  let result = text ?? "null";
  for (const [placeholder, digits] of exact) result = result.replace(placeholder, digits);
  return result;
}
