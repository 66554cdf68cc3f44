/** Receives a body that is too large for the index into an object file. */
import { unlink } from "node:fs/promises";
import { must } from "@ais/base/assert.ts";
import { durableWrite, type FileSink } from "@ais/base/durable-write.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { ChecksumType } from "@ais/wire/checksum.ts";
import { endFailed } from "../failed-span.ts";
import { objectFilePath } from "../files/object-path.ts";
import { encodeTrailer, type FileTrailer } from "../files/trailer.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import { errnoCode, errorChainText } from "../storage-error.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { Durability } from "../types.ts";
import type { BodyHashers } from "./body-hashers.ts";
import type { BodyReader } from "./body-reader.ts";
import { ChunkWriter } from "./chunk-writer.ts";

export interface FileReception<C> {
  readonly mountpath: OpenMountpath;
  readonly reader: BodyReader;
  /** Pieces of the body that were read before. */
  readonly pieces: readonly Uint8Array[];
  readonly hashers: BodyHashers;
  readonly checksumType: ChecksumType;
  readonly durability: Durability;
  /** Called when the whole body is there; throws to refuse it, else says what the trailer holds. */
  readonly complete: (fileId: bigint) => C;
}

export interface CompletedFile {
  readonly trailer: FileTrailer;
}

/** Resolves with what `complete` gave, when the file is complete; no record names it yet. When it rejects, no file is left. */
export async function receiveObjectFile<C extends CompletedFile>(
  context: StoreContext,
  reception: FileReception<C>,
  parent: Span,
): Promise<C> {
  const { mountpath, durability } = reception;
  using _place = await context.admission.admitFile(reception.reader);
  const fileId = mountpath.fileIds.take();
  const path = objectFilePath(mountpath.path, fileId);
  const phases = new WritePhases(parent, reception);
  try {
    const fill = (sink: FileSink) => writeContent(context, reception, fileId, sink);
    const completed = await durableWrite(path, fill, {
      flush: durability,
      faults: context.faults.files,
      onWritten: () => phases.written(),
    });
    phases.finish();
    return completed;
  } catch (error) {
    phases.failed(error);
    await discardObjectFile(context, mountpath, fileId);
    mountpath.fileIds.settle(fileId);
    throw error;
  }
}

/** Removes a complete file that did not become visible. What fails here is removed by the recovery. */
export async function discardObjectFile(
  context: StoreContext,
  mountpath: OpenMountpath,
  fileId: bigint,
): Promise<void> {
  const path = objectFilePath(mountpath.path, fileId);
  await unlink(path).catch((error: unknown) => {
    if (errnoCode(error) === "ENOENT") return;
    context.logger.log("warn", "failed to remove an unused object file", {
      path,
      error: errorChainText(error),
    });
  });
}

async function writeContent<C extends CompletedFile>(
  context: StoreContext,
  reception: FileReception<C>,
  fileId: bigint,
  sink: FileSink,
): Promise<C> {
  const { reader, pieces, hashers } = reception;
  const writer = new ChunkWriter(sink, hashers.hashers, context.pool);
  try {
    for (const piece of pieces) await writer.append(piece);
    for (let piece = await reader.next(); piece !== null; piece = await reader.next()) {
      await writer.append(piece);
    }
    let completed: C | null = null;
    await writer.finish(() => {
      completed = reception.complete(fileId);
      return encodeTrailer(completed.trailer, context.hashing);
    });
    return must<C>(completed, "finish asks for the tail");
  } finally {
    await writer.release();
  }
}

/** The spans of one file: `ais.file.write` with receiving and hashing, then `ais.file.sync` with everything that flushes. */
class WritePhases {
  readonly #parent: Span;
  readonly #reception: FileReception<unknown>;
  #current: Span;

  constructor(parent: Span, reception: FileReception<unknown>) {
    this.#parent = parent;
    this.#reception = reception;
    this.#current = this.#start(SPAN_NAMES.fileWrite);
  }

  written(): void {
    const { reader, checksumType, durability } = this.#reception;
    if (this.#current.recording) {
      this.#current.set(SPAN_ATTRIBUTES.bytes, reader.receivedBytes);
      this.#current.set(SPAN_ATTRIBUTES.waitMs, reader.waitMs);
      this.#current.set(SPAN_ATTRIBUTES.checksumType, checksumType);
    }
    if (durability !== "fsync") return;
    this.#current.end();
    this.#current = this.#start(SPAN_NAMES.fileSync);
  }

  finish(): void {
    this.#current.end();
  }

  failed(error: unknown): void {
    endFailed(this.#current, error);
  }

  #start(name: string): Span {
    const span = this.#parent.child(name);
    if (span.recording) span.set(SPAN_ATTRIBUTES.mountpath, this.#reception.mountpath.path);
    return span;
  }
}
