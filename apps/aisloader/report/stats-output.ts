import { closeSync, openSync, writeSync } from "node:fs";
import type { IntervalRecord, LoadSummary } from "../summary.ts";

/** Takes the records of a run in their order, the summary last. */
export interface StatsOutput {
  add(record: IntervalRecord | LoadSummary): void;
  /** Ends the array; without a summary when the run failed. */
  close(): void;
}

/** A JSON array, a record a line, written as the run goes so that a killed one leaves its intervals behind. */
export function jsonArrayOutput(write: (text: string) => void, end: () => void = () => {}): StatsOutput {
  let separator = "[\n";
  return {
    add(record) {
      write(separator + JSON.stringify(record));
      separator = ",\n";
    },
    close() {
      write(separator === "[\n" ? "[]\n" : "\n]\n");
      end();
    },
  };
}

/** Replaces the file. Throws when it cannot be opened, before any load. */
export function fileOutput(path: string): StatsOutput {
  const descriptor = openSync(path, "w");
  return jsonArrayOutput(
    (text) => void writeSync(descriptor, text),
    () => closeSync(descriptor),
  );
}
