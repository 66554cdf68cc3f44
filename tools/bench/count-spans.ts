/** Field numbers of opentelemetry-proto: `resource_spans` = 1, then `scope_spans` = 2, then `spans` = 2. */
const PATH = [1, 2, 2] as const;

/** Spans in an encoded `ExportTraceServiceRequest`, without decoding them. */
export function countSpans(bytes: Uint8Array, depth = 0): number {
  if (depth === PATH.length) return 1;
  let count = 0;
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    // All fields on the way are length-delimited.
    const length = varint();
    if (tag >>> 3 === PATH[depth]) count += countSpans(bytes.subarray(at, at + length), depth + 1);
    at += length;
  }
  return count;
}
