/** `traceparent` of W3C Trace Context, levels 1 and 2. */

/** Bits of the flags byte that levels 1 and 2 define. Others are cleared, as the document asks of what is unknown. */
export const SAMPLED_FLAG = 0x01;
/** Level 2: the right-most 56 bits of the trace id are random. It stays with the trace. */
export const RANDOM_FLAG = 0x02;

export interface TraceParent {
  /** 32 lower-case hex digits, not all zeros. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zeros. */
  readonly spanId: string;
  readonly flags: number;
}

/** `vv-` + 32 + `-` + 16 + `-` + 2. */
const VERSION_0_CHARS = 55;
const TRACE_ID_START = 3;
const SPAN_ID_START = 36;
const FLAGS_START = 53;
const DASH = 45;

/** Null for anything that the document calls invalid, several joined headers included; the caller starts a new trace. */
export function parseTraceParent(text: string | null): TraceParent | null {
  if (text === null || text.length < VERSION_0_CHARS || !hasDashes(text)) return null;
  const version = hexByte(text, 0);
  if (version < 0 || version === 0xff) return null;
  if (text.length > VERSION_0_CHARS && (version === 0 || text.charCodeAt(VERSION_0_CHARS) !== DASH))
    return null;
  const flags = hexByte(text, FLAGS_START);
  if (flags < 0) return null;
  const traceId = text.slice(TRACE_ID_START, TRACE_ID_START + 32);
  const spanId = text.slice(SPAN_ID_START, SPAN_ID_START + 16);
  if (!isValidId(traceId) || !isValidId(spanId)) return null;
  return { traceId, spanId, flags: flags & (SAMPLED_FLAG | RANDOM_FLAG) };
}

/** Always version 00: what a vendor that knows no later version must send. */
export function formatTraceParent(traceId: string, spanId: string, flags: number): string {
  return `00-${traceId}-${spanId}-0${(flags & (SAMPLED_FLAG | RANDOM_FLAG)).toString(16)}`;
}

function hasDashes(text: string): boolean {
  return text.charCodeAt(2) === DASH && text.charCodeAt(35) === DASH && text.charCodeAt(52) === DASH;
}

/** Lower-case hex with at least one digit that is not zero. */
function isValidId(id: string): boolean {
  let digits = 0;
  for (let i = 0; i < id.length; i++) {
    const digit = hexDigit(id.charCodeAt(i));
    if (digit < 0) return false;
    digits |= digit;
  }
  return digits !== 0;
}

/** -1 when the two characters at `at` are not lower-case hex. */
function hexByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}
