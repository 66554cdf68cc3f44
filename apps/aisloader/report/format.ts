/** Numbers for people. */

export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

export function formatMib(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(2);
}

/** Three significant digits, in the unit that suits. */
export function formatLatency(ms: number): string {
  if (ms < 1) return `${significant(ms * 1000)}us`;
  return ms < 1000 ? `${significant(ms)}ms` : `${significant(ms / 1000)}s`;
}

function significant(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Columns as wide as they need to be; the first one to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}
