/** `ais put --chunk-size`: a file as a multipart upload, several parts at a time. */
import { type Bck, objectCname } from "@ais/wire/bck.ts";
import { runAll } from "./concurrency.ts";
import type { CommandContext } from "./context.ts";
import { fileStream } from "./file-stream.ts";
import type { SourceFile } from "./put-sources.ts";

export interface PartsPlan {
  readonly partBytes: number;
  /** Parts on their way at a time. */
  readonly concurrency: number;
}

/** The object appears whole, at the end. When a part fails the upload is given up, and nothing of it stays. */
export async function putInParts(
  { client, io }: CommandContext,
  bucket: Bck,
  { path, objectName, sizeBytes }: SourceFile,
  { partBytes, concurrency }: PartsPlan,
  onBytes: (count: number) => void,
): Promise<void> {
  const { uploads } = client;
  const uploadId = await uploads.create(bucket, objectName);
  const numbers = Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, index) => index + 1);
  try {
    let failed = false;
    const failures = await runAll(numbers, concurrency, async (number) => {
      // What a failure has made useless need not be sent.
      if (failed) return;
      try {
        io.signal.throwIfAborted();
        const offsetBytes = (number - 1) * partBytes;
        const lengthBytes = Math.min(partBytes, sizeBytes - offsetBytes);
        const stream = fileStream(path, onBytes, { offsetBytes, lengthBytes });
        const body = { stream, lengthBytes };
        await uploads.putPart(bucket, objectName, { uploadId, number }, body, { signal: io.signal });
      } catch (error) {
        failed = true;
        throw error;
      }
    });
    const [first] = failures;
    if (first !== undefined) throw first.error;
    await uploads.complete(bucket, objectName, uploadId, numbers);
  } catch (error) {
    await uploads.abort(bucket, objectName, uploadId).catch(() => undefined);
    if (error instanceof Error && !io.signal.aborted)
      throw new Error(`upload of ${objectCname(bucket, objectName)} in parts: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}
