import { RANDOM_FLAG, SAMPLED_FLAG } from "./traceparent.ts";

/** What the texts say; words are groups of eight hex digits. */
export interface TraceWordsOfSpan {
  readonly trace: {
    readonly word0: number;
    readonly word1: number;
    readonly word2: number;
    readonly word3: number;
    readonly flags: number;
  };
  readonly idHigh: number;
  readonly idLow: number;
}

/** Filled anew for each text: putting a text together from pieces takes the memory of every piece, and three times the time. */
const TEXT = Buffer.from(`traceparent;desc="00-${"0".repeat(32)}-${"0".repeat(16)}-00"`);
const VIEW = new DataView(TEXT.buffer, TEXT.byteOffset, TEXT.length);
const AT = { parent: 18, traceId: 21, spanId: 54, flags: 72, parentEnd: 73 } as const;
const DIGIT_0 = 0x30;
/** Both digits of a byte, the first one in the lower half. */
const DIGITS = Uint16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, "0")).readUInt16LE(),
);

/** The `traceparent` header, always version 00. */
export function traceParentText(span: TraceWordsOfSpan): string {
  fill(span);
  return TEXT.toString("latin1", AT.parent, AT.parentEnd);
}

/** The value of `Server-Timing` that browsers' scripts can read: `traceparent;desc="00-…"`. */
export function serverTimingText(span: TraceWordsOfSpan): string {
  fill(span);
  return TEXT.toString("latin1");
}

/** The `traceparent` within `serverTimingText`. */
export function traceParentWithin(serverTiming: string): string {
  return serverTiming.slice(AT.parent, AT.parentEnd);
}

function fill({ trace, idHigh, idLow }: TraceWordsOfSpan): void {
  putWord(AT.traceId, trace.word0);
  putWord(AT.traceId + 8, trace.word1);
  putWord(AT.traceId + 16, trace.word2);
  putWord(AT.traceId + 24, trace.word3);
  putWord(AT.spanId, idHigh);
  putWord(AT.spanId + 8, idLow);
  TEXT[AT.flags] = DIGIT_0 + (trace.flags & (SAMPLED_FLAG | RANDOM_FLAG));
}

function putWord(at: number, word: number): void {
  VIEW.setUint16(at, DIGITS[word >>> 24] as number, true);
  VIEW.setUint16(at + 2, DIGITS[(word >>> 16) & 0xff] as number, true);
  VIEW.setUint16(at + 4, DIGITS[(word >>> 8) & 0xff] as number, true);
  VIEW.setUint16(at + 6, DIGITS[word & 0xff] as number, true);
}
