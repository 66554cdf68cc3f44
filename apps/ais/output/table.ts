import { type Colors, padVisible, visibleWidth } from "./colors.ts";
import { cellText } from "./terminal-text.ts";

export interface Column {
  /** Upper case, as AIStore prints it. */
  readonly name: string;
  readonly hidden?: boolean;
}

const GAP = "   ";

/** Left-aligned columns, header line first unless left out. Cells may hold colours. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly headers: boolean; readonly colors: Colors },
): string {
  const shown = columns
    .map((column, index) => ({ column, index }))
    .filter(({ column }) => column.hidden !== true);
  const lines = rows.map((row) => shown.map(({ index }) => cellText(row[index] ?? "")));
  if (options.headers) lines.unshift(shown.map(({ column }) => column.name));
  const widths = shown.map((_, position) =>
    Math.max(0, ...lines.map((line) => visibleWidth(line[position] ?? ""))),
  );
  return lines
    .map((line, lineIndex) => {
      const text = line
        .map((cell, position) => padVisible(cell, widths[position] ?? 0))
        .join(GAP)
        .trimEnd();
      return `${options.headers && lineIndex === 0 ? options.colors.bold(text) : text}\n`;
    })
    .join("");
}

/** Name and value pairs under `PROPERTY  VALUE`. */
export function renderProperties(
  pairs: readonly (readonly [string, string])[],
  options: { readonly headers: boolean; readonly colors: Colors },
): string {
  return renderTable([{ name: "PROPERTY" }, { name: "VALUE" }], pairs, options);
}
