import { AIS_VERSION } from "@ais/wire/version.ts";
import { type Command, parseCommand } from "./options/command.ts";
import { helpText } from "./options/help.ts";
import type { Environment } from "./options/parse-flags.ts";
import { lineProgress, type Progress, tableProgress } from "./report/progress.ts";
import { settingsText } from "./report/settings-text.ts";
import { fileOutput, jsonArrayOutput, type StatsOutput } from "./report/stats-output.ts";
import { summaryText } from "./report/summary-text.ts";
import { runLoad } from "./run-load.ts";

/** What the program has of its process. */
export interface ProgramIo {
  readonly env: Environment;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly outIsTerminal: boolean;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

type LoadCommand = Extract<Command, { readonly run: "load" | "dry-run" }>;

/** Resolves with the exit code: 0, or 1 when requests or the clean-up failed. Throws `UsageError` and what keeps a load from beginning. */
export async function runCommand(argv: readonly string[], io: ProgramIo): Promise<number> {
  const command = parseCommand(argv, io.env);
  switch (command.run) {
    case "help":
      io.writeOut(helpText());
      return 0;
    case "version":
      io.writeOut(`aisloader ${AIS_VERSION}\n`);
      return 0;
    case "loader-id":
      io.writeOut(`0x${command.loaderId.toString(16)}\n`);
      return 0;
    case "dry-run":
      io.writeOut(settingsText(command.load));
      return 0;
    case "load":
      return load(command, io);
  }
}

async function load({ load: options, report }: LoadCommand, io: ProgramIo): Promise<number> {
  // Standard output belongs to JSON when that is asked for; people then read standard error.
  const outIsJson = report.json || report.statsOutput === "-";
  const tell = outIsJson ? io.writeError : io.writeOut;
  const progress: Progress = io.outIsTerminal && !outIsJson ? tableProgress(tell) : lineProgress(tell);
  const records = recordsOutput(report.statsOutput, io);
  if (!report.quiet) tell(settingsText(options));
  try {
    const summary = await runLoad(options, {
      signal: io.signal,
      onNote: (text) => tell(`${text}\n`),
      onInterval(record) {
        records?.add(record);
        progress.interval(record);
      },
    });
    records?.add(summary);
    if (report.json) io.writeOut(`${JSON.stringify(summary, null, 2)}\n`);
    else tell(`\n${summaryText(summary)}`);
    if (summary.cleanup_error !== null)
      io.writeError(`aisloader: clean-up failed: ${summary.cleanup_error}\n`);
    const failed = summary.put.errors + summary.get.errors > 0;
    return summary.cleanup_error !== null || (failed && !report.allowErrors) ? 1 : 0;
  } finally {
    records?.close();
  }
}

function recordsOutput(path: string | null, io: ProgramIo): StatsOutput | null {
  if (path === null) return null;
  return path === "-" ? jsonArrayOutput(io.writeOut) : fileOutput(path);
}
