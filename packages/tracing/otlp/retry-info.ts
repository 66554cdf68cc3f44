import { ByteReader } from "./byte-reader.ts";

const RETRY_INFO = /(?:^|\/)google\.rpc\.RetryInfo$/;

/**
 * The delay of a `google.rpc.RetryInfo` in a `grpc-status-details-bin` trailer (a `google.rpc.Status`), in milliseconds;
 * null when there is none or the trailer cannot be read.
 */
export function retryDelayMs(statusDetails: Uint8Array): number | null {
  try {
    const status = new ByteReader(statusDetails);
    while (status.next()) {
      if (status.field !== 3) {
        status.skip();
        continue;
      }
      const delay = anyDelayMs(status.message());
      if (delay !== null) return delay;
    }
    return null;
  } catch {
    // A trailer of another make says nothing to us; the status code alone decides then.
    return null;
  }
}

function anyDelayMs(any: ByteReader): number | null {
  let typeUrl = "";
  let delayMs: number | null = null;
  while (any.next()) {
    if (any.field === 1) typeUrl = any.text();
    else if (any.field === 2) delayMs = retryInfoDelayMs(any.bytes());
    else any.skip();
  }
  return RETRY_INFO.test(typeUrl) ? delayMs : null;
}

function retryInfoDelayMs(bytes: Uint8Array): number {
  const info = new ByteReader(bytes);
  let delayMs = 0;
  while (info.next()) {
    if (info.field === 1) delayMs = durationMs(info.message());
    else info.skip();
  }
  return delayMs;
}

function durationMs(duration: ByteReader): number {
  let seconds = 0;
  let nanos = 0;
  while (duration.next()) {
    if (duration.field === 1) seconds = Number(duration.int64());
    else if (duration.field === 2) nanos = Number(duration.int64());
    else duration.skip();
  }
  return Math.max(0, seconds * 1000 + Math.ceil(nanos / 1e6));
}
