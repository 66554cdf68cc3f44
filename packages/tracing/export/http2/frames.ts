/** Frames of HTTP/2 (RFC 9113, section 4). */

export const FRAME = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const SETTING = {
  enablePush: 2,
  initialWindowSize: 4,
  maxFrameSize: 5,
} as const;

export const FRAME_HEAD_BYTES = 9;
/** What both sides begin with, and what we stay with for what we receive. */
export const DEFAULT_FRAME_BYTES = 16_384;
export const DEFAULT_WINDOW_BYTES = 65_535;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export function writeFrameHead(
  out: Buffer,
  at: number,
  { type, flags, streamId }: Omit<Frame, "payload">,
  lengthBytes: number,
): void {
  out.writeUIntBE(lengthBytes, at, 3);
  out[at + 3] = type;
  out[at + 4] = flags;
  out.writeUInt32BE(streamId, at + 5);
}

export function encodeFrame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payload.length);
  writeFrameHead(out, 0, { type, flags, streamId }, payload.length);
  out.set(payload, FRAME_HEAD_BYTES);
  return out;
}

/** A payload that is one number of 32 bits. */
export function word(value: number): Buffer {
  const out = Buffer.allocUnsafe(4);
  out.writeUInt32BE(value);
  return out;
}

export function encodeSettings(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(settings.length * 6);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return encodeFrame(FRAME.settings, 0, 0, payload);
}

export function decodeSettings(payload: Buffer): [id: number, value: number][] {
  if (payload.length % 6 !== 0) throw new Error("settings of an odd length");
  return Array.from({ length: payload.length / 6 }, (_, index) => [
    payload.readUInt16BE(index * 6),
    payload.readUInt32BE(index * 6 + 2),
  ]);
}

/** The payload without padding and priority (RFC 9113 6.1 and 6.2). */
export function withoutPadding({ type, flags, payload }: Frame): Buffer {
  let start = 0;
  let end = payload.length;
  if ((flags & FLAG.padded) !== 0) {
    end -= payload[0] ?? 0;
    start = 1;
  }
  if (type === FRAME.headers && (flags & FLAG.priority) !== 0) start += 5;
  if (start > end) throw new Error("a frame with more padding than payload");
  return payload.subarray(start, end);
}

/** Takes bytes as they come and gives whole frames. Throws on a frame longer than we allow. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  *read(bytes: Buffer): Generator<Frame> {
    let all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (all.length >= FRAME_HEAD_BYTES) {
      const length = all.readUIntBE(0, 3);
      if (length > DEFAULT_FRAME_BYTES) throw new Error(`a frame of ${length} bytes is too long`);
      const end = FRAME_HEAD_BYTES + length;
      if (all.length < end) break;
      yield {
        type: all[3] ?? 0,
        flags: all[4] ?? 0,
        streamId: all.readUInt32BE(5) & 0x7fff_ffff,
        payload: all.subarray(FRAME_HEAD_BYTES, end),
      };
      all = all.subarray(end);
    }
    // Copied, since the receiver's buffer is not ours.
    this.#rest = Buffer.from(all);
  }
}
