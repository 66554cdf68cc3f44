/** Reading request bodies within limits; shared by the HTTP drivers. */
import { AisError } from "@ais/base/errors.ts";
import type { BodyPace, PacedBody } from "./body-pace.ts";

export function tooLarge(limitBytes: number): AisError {
  return new AisError("tooLarge", `request body is larger than ${limitBytes} bytes`);
}

export function shortBody(receivedBytes: number, announcedBytes: number | null): AisError {
  const announced = announcedBytes === null ? "its last chunk" : `Content-Length ${announcedBytes}`;
  return new AisError("badRequest", `request body ended after ${receivedBytes} bytes, before ${announced}`);
}

/** The whole body, at most `limitBytes` of it in memory. */
export async function readWhole(stream: ReadableStream<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    sizeBytes += value.length;
    if (sizeBytes > limitBytes) {
      await reader.cancel();
      throw tooLarge(limitBytes);
    }
    chunks.push(value);
  }
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, sizeBytes);
}

/** What both kinds of server give: a reader of a web stream, or one made of a Node stream. */
export interface ChunkReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/**
 * A stream of what `reader` gives that errors with `badRequest` when it breaks off or ends before `announcedBytes`, and with
 * `requestTimeout` when it comes too slowly.
 */
export function checkedStream(
  reader: ChunkReader,
  announcedBytes: number | null,
  pace: BodyPace,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(new CheckedSource(reader, announcedBytes, pace), {
    highWaterMark: 0,
  });
}

type Controller = ReadableStreamDefaultController<Uint8Array>;

class CheckedSource implements PacedBody {
  receivedBytes = 0;
  isAwaited = false;
  readonly #reader: ChunkReader;
  readonly #announcedBytes: number | null;
  readonly #pace: BodyPace;
  #controller: Controller | null = null;

  constructor(reader: ChunkReader, announcedBytes: number | null, pace: BodyPace) {
    this.#reader = reader;
    this.#announcedBytes = announcedBytes;
    this.#pace = pace;
  }

  start(controller: Controller): void {
    this.#controller = controller;
    this.#pace.add(this);
  }

  async pull(controller: Controller): Promise<void> {
    this.isAwaited = true;
    try {
      const { done, value } = await this.#reader.read();
      this.isAwaited = false;
      if (this.#controller === null) return;
      if (!done && value !== undefined) {
        this.receivedBytes += value.length;
        controller.enqueue(value);
        return;
      }
      if (this.#announcedBytes !== null && this.receivedBytes < this.#announcedBytes)
        this.#fail(this.#short());
      else {
        this.#end();
        controller.close();
      }
    } catch {
      this.#fail(this.#short());
    }
  }

  async cancel(reason: unknown): Promise<void> {
    this.#end();
    await this.#reader.cancel(reason);
  }

  expire(error: AisError): void {
    this.#fail(error);
    this.#reader.cancel(error).catch(() => {});
  }

  #short(): AisError {
    return shortBody(this.receivedBytes, this.#announcedBytes);
  }

  #fail(error: AisError): void {
    const controller = this.#controller;
    this.#end();
    controller?.error(error);
  }

  #end(): void {
    this.#pace.remove(this);
    this.#controller = null;
  }
}

/** The small body that `whole` gives, whose progress nobody sees: all of it must be there within one window. */
export async function pacedWhole(
  whole: Promise<Uint8Array>,
  announcedBytes: number,
  pace: BodyPace,
): Promise<Uint8Array> {
  let body: PacedBody | null = null;
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      body = { receivedBytes: 0, isAwaited: true, expire: reject };
      pace.add(body);
      whole.then(resolve, () => reject(shortBody(0, announcedBytes)));
    });
  } finally {
    if (body !== null) pace.remove(body);
  }
}

export function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.close();
    },
  });
}

/** Null unless the text is a length that HTTP allows. */
export function parseContentLength(text: string | null): number | null {
  if (text === null || !/^\d{1,16}$/.test(text)) return null;
  const lengthBytes = Number(text);
  return Number.isSafeInteger(lengthBytes) ? lengthBytes : null;
}
