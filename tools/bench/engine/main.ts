/** `make bench`: the engine against ceilings of the same machine in the same run. See `--help`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorText } from "@ais/base/errors.ts";
import { OTHER_CORE, SERVER_CORE } from "../lib/cores.ts";
import { machineText } from "../lib/machine.ts";
import { BenchContext } from "./bench-context.ts";
import { measureRow } from "./measure-row.ts";
import { type EngineOptions, HELP, isChosen, objectsText, parseEngineOptions } from "./options.ts";
import { RESULTS_PATH, resultsDocument, writeResults } from "./results-file.ts";
import type { RowPlan } from "./row.ts";
import type { RowResult } from "./row-result.ts";
import { suite } from "./suite.ts";
import { tableHead, tableRow } from "./table.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

async function main(): Promise<number> {
  let parsed: ReturnType<typeof parseEngineOptions>;
  try {
    parsed = parseEngineOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`bench: ${errorText(error)}`);
    return EXIT_USAGE;
  }
  const { action, options } = parsed;
  const all = suite(options.objects);
  if (action !== "run") {
    console.log(
      action === "help" ? HELP : all.map(({ name, title }) => `${name.padEnd(24)}${title}`).join("\n"),
    );
    return 0;
  }
  const chosen = all.filter(({ name }) => isChosen(name, options.only));
  const unknown = options.only?.filter((given) => !all.some(({ name }) => isChosen(name, [given]))) ?? [];
  if (unknown.length > 0) {
    console.error(`bench: no row is named ${unknown.join(", ")}; --list shows the names`);
    return EXIT_USAGE;
  }
  const rows = await run(options, chosen);
  return rows === null ? EXIT_FAILURE : 0;
}

/** Null when a row could not be measured. */
async function run(options: EngineOptions, plans: readonly RowPlan[]): Promise<readonly RowResult[] | null> {
  const directory = mkdtempSync(join(options.directory || tmpdir(), "ais-bench-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
  const context = new BenchContext(options, directory, stack);
  const machine = machineText();
  console.log(introduction(options, machine, directory));
  console.log(`\n${tableHead()}`);
  const rows: RowResult[] = [];
  let isWhole = true;
  for (const plan of plans) {
    await using rowStack = new AsyncDisposableStack();
    try {
      const contenders = await plan.prepare(context, rowStack);
      const rounds = Math.min(options.rounds, plan.roundsMax ?? options.rounds);
      const measured = await measureRow(plan, contenders, rounds);
      for (const row of measured) console.log(tableRow(row));
      rows.push(...measured);
    } catch (error) {
      isWhole = false;
      console.error(`bench: ${plan.name}: ${errorText(error)}`);
    }
  }
  await writeResults(resultsDocument(rows, options, machine, new Date()));
  console.log(`\n${summaryText(rows)}\nwritten to ${RESULTS_PATH}`);
  return isWhole ? rows : null;
}

function introduction(options: EngineOptions, machine: string, directory: string): string {
  const { isQuick, rounds, seconds, objects } = options;
  return [
    machine,
    `servers on core ${SERVER_CORE}, load on core ${OTHER_CORE}${Bun.which("taskset") === null ? ": NOT PINNED, there is no taskset" : ""}`,
    `${isQuick ? "quick: " : ""}medians of at most ${rounds} rounds of ${seconds} s, value and ceiling in turn; ${objectsText(objects)} objects in the listing`,
    `data in ${directory}`,
    "ratio is value to ceiling; CPU is that of all servers of a request, with all their threads; RSS is their peak",
  ].join("\n");
}

function summaryText(rows: readonly RowResult[]): string {
  const set = rows.filter(({ reached }) => reached !== undefined);
  const missed = set.filter(({ reached }) => reached === false).map(({ name }) => name);
  if (set.length === 0) return "none of these rows has a set figure";
  return `${set.length - missed.length} of ${set.length} set figures reached${missed.length === 0 ? "" : `; missed: ${missed.join(", ")}`}`;
}

process.exit(await main());
