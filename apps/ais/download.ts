import type { Bck } from "@ais/wire/bck.ts";
import { makeHasher } from "./checksum.ts";
import type { CommandContext } from "./context.ts";
import type { Progress } from "./output/progress.ts";
import { openOutput } from "./output-file.ts";

export interface DownloadRange {
  readonly offsetBytes: number;
  /** Up to the end without it. */
  readonly lengthBytes?: number;
}

export interface DownloadOptions {
  readonly range: DownloadRange | null;
  /** Recompute the checksum that the reply names. A range has none of its own. */
  readonly verify: boolean;
  /** Called with the number of bytes to come, 0 when unknown. */
  readonly startProgress: (totalBytes: number) => Promise<Progress>;
}

/** Number of bytes received. The destination is as it was when this rejects. */
export async function download(
  context: CommandContext,
  bucket: Bck,
  objectName: string,
  path: string,
  options: DownloadOptions,
): Promise<number> {
  const { signal } = context.io;
  const range = options.range === null ? {} : { range: options.range };
  const content = await context.client.objects.get(bucket, objectName, { ...range, signal });
  const { checksumType, checksumValue } = content.attributes;
  const hasher = options.verify && options.range === null ? await makeHasher(checksumType) : null;
  if (options.verify && hasher === null) context.note(`Note: no checksum to verify "${objectName}" with`);
  const output = await openOutput(path, context.io).catch(async (error: unknown) => {
    await content.body.cancel();
    throw error;
  });
  const progress = await options.startProgress(content.lengthBytes ?? 0);
  let received = 0;
  try {
    for await (const chunk of content.body) {
      signal.throwIfAborted();
      await output.write(chunk);
      hasher?.update(chunk);
      received += chunk.length;
      progress.bytes(chunk.length);
    }
    if (content.lengthBytes !== null && received !== content.lengthBytes) {
      throw new Error(`"${objectName}" ended after ${received} of ${content.lengthBytes} bytes`);
    }
    const computed = hasher?.digest() ?? checksumValue;
    if (computed !== checksumValue) {
      throw new Error(
        `checksum of "${objectName}" does not match: ${checksumType} ${computed}, expecting ${checksumValue}`,
      );
    }
    await output.commit();
    progress.item();
  } catch (error) {
    await output.discard();
    throw isLostConnection(error) && !signal.aborted
      ? new Error(
          `connection lost after ${received} of ${content.lengthBytes ?? "unknown"} bytes of "${objectName}"`,
          {
            cause: error,
          },
        )
      : error;
  } finally {
    progress.stop();
  }
  return received;
}

/** How `node:http` says that the other side went away in the middle of a body. */
function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message === "aborted" || ("code" in error && error.code === "ECONNRESET");
}
