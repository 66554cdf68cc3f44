/**
 * The trace id in what somebody pasted: an id, whose leading zeros may be missing, a header as `traceparent` is, a line of
 * a log, or an address of a trace. Null when there is none.
 */
export function traceIdIn(text: string): string | null {
  const whole = /^[0-9a-f]{1,32}$/i.exec(text.trim())?.[0];
  const inAddress = /\/trace\/([0-9a-f]{1,32})(?![0-9a-z])/i.exec(text)?.[1];
  const inText = /(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])/i.exec(text)?.[0];
  return (whole ?? inAddress ?? inText)?.toLowerCase() ?? null;
}
