import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { AisError } from "@ais/base/errors.ts";
import type { PromoteArgs, PromoteScan } from "@ais/wire/promote.ts";
import { fileError, isMissing, resolveSource, sourceFiles } from "./source-files.ts";

/**
 * Counts the files, and sums up what they look like, so that targets can find out whether they see the same ones. Throws
 * `badRequest` when there is nothing to promote.
 */
export async function scanSource(
  root: string,
  { source, recursive }: PromoteArgs,
  signal: AbortSignal,
): Promise<PromoteScan> {
  const resolved = await resolveSource(root, source);
  const hash = createHash("sha256");
  let fileCount = 0;
  let totalBytes = 0;
  for await (const { path, relativePath } of sourceFiles(resolved, recursive, "")) {
    signal.throwIfAborted();
    const stat = await lstat(path).catch((error) => {
      if (isMissing(error)) return null;
      throw fileError("read", path, error);
    });
    if (stat === null) continue;
    fileCount++;
    totalBytes += stat.size;
    hash.update(`${relativePath}\0${stat.size}\0${stat.mtimeMs}\0`);
  }
  if (fileCount === 0) {
    const below = recursive ? "" : " itself";
    throw new AisError("badRequest", `nothing to promote: directory "${source}" has no files${below}`);
  }
  return { isDirectory: resolved.isDirectory, fileCount, totalBytes, digest: hash.digest("hex") };
}
