/** `bench-results/engine.json`: what the last run measured, and nothing else. */
import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { EngineOptions } from "./options.ts";
import type { RowResult } from "./row-result.ts";

export const RESULTS_PATH = resolve(import.meta.dir, "../../../bench-results/engine.json");

export interface ResultsDocument {
  readonly rows: readonly RowResult[];
  readonly machine: string;
  /** RFC 3339. */
  readonly date: string;
  readonly quick: boolean;
  readonly seconds: number;
  readonly listed_objects: number;
}

export function resultsDocument(
  rows: readonly RowResult[],
  { isQuick, seconds, objects }: EngineOptions,
  machine: string,
  now: Date,
): ResultsDocument {
  return { rows, machine, date: now.toISOString(), quick: isQuick, seconds, listed_objects: objects };
}

export async function writeResults(document: ResultsDocument, path = RESULTS_PATH): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await Bun.write(path, `${JSON.stringify(document, null, 2)}\n`);
}
