import { hexWord } from "../w3c/hex.ts";

/** What of a trace the ring looks for. */
export interface RingKey {
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
}

const WORD_BYTES = 4;
/** Length of the payload in bytes with a mark in its highest bit, then the trace id. */
const HEADER_WORDS = 5;
const TAKEN = 0x8000_0000;
/** In place of a length: the rest up to the end of the buffer is not used. */
const WRAP = 0xffff_ffff;
const RECORD_PART_MAX = 8;

/**
 * The newest records in one buffer, the oldest overwritten first. Bytes and not objects: some ten thousand requests that
 * live for a second each would cost the garbage collector more than all the rest of recording them (measured: 8 us a
 * request of 1 us). There is no index either: records are looked through when one is wanted, which is rare.
 */
export class FlightRing {
  readonly capacityBytes: number;
  /** Null while nothing is kept. */
  #words: Uint32Array | null = null;
  #bytes: Uint8Array = new Uint8Array(0);
  /** In words. */
  #head = 0;
  #tail = 0;
  #usedWords = 0;
  #records = 0;

  /** A multiple of four. */
  constructor(capacityBytes: number) {
    this.capacityBytes = capacityBytes;
  }

  /** Records, those taken out and not yet overwritten included. */
  get records(): number {
    return this.#records;
  }

  get usedBytes(): number {
    return this.#usedWords * WORD_BYTES;
  }

  /** False: it is too large for this ring. */
  add(key: RingKey, payload: Uint8Array): boolean {
    const needed = HEADER_WORDS + Math.ceil(payload.length / WORD_BYTES);
    if (needed * WORD_BYTES * RECORD_PART_MAX > this.capacityBytes) return false;
    const words = this.#allocated();
    if (this.#tail + needed > words.length) this.#wrap(words);
    this.#makeRoom(words, needed);
    const at = this.#tail;
    words[at] = payload.length;
    words[at + 1] = key.word0;
    words[at + 2] = key.word1;
    words[at + 3] = key.word2;
    words[at + 4] = key.word3;
    this.#bytes.set(payload, (at + HEADER_WORDS) * WORD_BYTES);
    this.#tail = at + needed;
    this.#usedWords += needed;
    this.#records++;
    return true;
  }

  /** Takes out the records of these traces and gives them to `found`. The bytes are good until it returns. */
  take(traceIds: ReadonlySet<string>, found: (traceId: string, payload: Uint8Array) => void): void {
    const words = this.#words;
    if (words === null) return;
    const wanted = new Map([...traceIds].map((traceId) => [hexWord(traceId, 24), traceId]));
    for (let at = this.#head, left = this.#records; left > 0; ) {
      const length = words[at] as number;
      if (length === WRAP) {
        at = 0;
        continue;
      }
      const payloadBytes = (length & ~TAKEN) >>> 0;
      const traceId = (length & TAKEN) === 0 ? wanted.get(words[at + 4] as number) : undefined;
      if (traceId !== undefined && isTrace(words, at, traceId)) {
        words[at] = (length | TAKEN) >>> 0;
        const start = (at + HEADER_WORDS) * WORD_BYTES;
        found(traceId, this.#bytes.subarray(start, start + payloadBytes));
      }
      at += HEADER_WORDS + Math.ceil(payloadBytes / WORD_BYTES);
      if (at === words.length) at = 0;
      left--;
    }
  }

  /** Gives the memory back. */
  clear(): void {
    this.#words = null;
    this.#bytes = new Uint8Array(0);
    this.#head = 0;
    this.#tail = 0;
    this.#usedWords = 0;
    this.#records = 0;
  }

  #allocated(): Uint32Array {
    if (this.#words === null) {
      this.#words = new Uint32Array(this.capacityBytes / WORD_BYTES);
      this.#bytes = new Uint8Array(this.#words.buffer);
    }
    return this.#words;
  }

  /** The place at the end is too small: it stays empty, and the next record goes to the beginning. */
  #wrap(words: Uint32Array): void {
    const rest = words.length - this.#tail;
    this.#makeRoom(words, rest);
    if (rest > 0) words[this.#tail] = WRAP;
    this.#usedWords += rest;
    this.#tail = 0;
  }

  #makeRoom(words: Uint32Array, needed: number): void {
    while (words.length - this.#usedWords < needed) this.#evict(words);
  }

  #evict(words: Uint32Array): void {
    const length = words[this.#head] as number;
    if (length === WRAP) {
      this.#usedWords -= words.length - this.#head;
      this.#head = 0;
      return;
    }
    const used = HEADER_WORDS + Math.ceil(((length & ~TAKEN) >>> 0) / WORD_BYTES);
    this.#usedWords -= used;
    this.#records--;
    this.#head += used;
    if (this.#head === words.length) this.#head = 0;
  }
}

function isTrace(words: Uint32Array, at: number, traceId: string): boolean {
  for (let word = 0; word < 4; word++) if (words[at + 1 + word] !== hexWord(traceId, word * 8)) return false;
  return true;
}
