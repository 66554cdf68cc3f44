/**
 * The pairs of `Ais-Custom-Md: key=value` lines that an HTTP server or client joined with ", " (RFC 9110, 5.3). A value may
 * hold commas itself, so a comma parts only where a new `key=` follows. Keys with spaces, quotes or semicolons do not count
 * as such: a text with an equals sign in it is more often a value than a key of that kind.
 */
export function partJoinedPairs(line: string): readonly string[] {
  return line.split(/, (?=[^\s,;="]+=)/);
}
