/** `--filter COLUMN=PATTERN` of `ais show job`. */
import { InvalidArgumentError } from "commander";

export const FILTER_COLUMNS = ["NODE", "ID", "KIND", "BUCKET", "STATE"] as const;
export type FilterColumn = (typeof FILTER_COLUMNS)[number];

export interface RowFilter {
  readonly column: FilterColumn;
  readonly pattern: RegExp;
  /** As typed. */
  readonly text: string;
}

/** Names of nodes, jobs and buckets are told apart by case; kinds and states are not. */
export function parseRowFilter(text: string): RowFilter {
  const equals = text.indexOf("=");
  const column = FILTER_COLUMNS.find((name) => name === text.slice(0, equals).trim().toUpperCase());
  const pattern = text.slice(equals + 1).trim();
  if (equals < 0 || column === undefined || pattern === "")
    throw new InvalidArgumentError(
      `Expecting COLUMN=PATTERN, with a column of ${FILTER_COLUMNS.join(", ")}.`,
    );
  try {
    return { column, text, pattern: new RegExp(pattern, column === "KIND" || column === "STATE" ? "i" : "") };
  } catch {
    throw new InvalidArgumentError("Expecting a regular expression after COLUMN=.");
  }
}
