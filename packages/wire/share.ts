/** Shares are decimal numbers; hexadecimal, blanks and words are not, whatever JavaScript's `Number` makes of them. */
const DECIMAL = /^\+?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The text of a number from 0 to 1, as it was given. Throws a `TypeError` for anything else. */
export function parseShare(value: unknown): string {
  const decimal = typeof value === "number" ? String(value) : value;
  if (typeof decimal !== "string" || !DECIMAL.test(decimal) || Number(decimal) > 1) {
    throw new TypeError("expecting a number from 0 to 1");
  }
  return decimal;
}
