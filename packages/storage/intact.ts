import { statSync } from "node:fs";
import { objectFilePath } from "./files/object-path.ts";
import type { IndexRecord } from "./index/record.ts";

/** False when the object is known to be damaged: storing the same content again must then repair it. */
export function isIntact(mountpath: string, { isDamaged, fileId, sizeBytes }: IndexRecord): boolean {
  if (isDamaged) return false;
  if (fileId === 0n) return true;
  try {
    return statSync(objectFilePath(mountpath, fileId)).size > sizeBytes;
  } catch {
    return false;
  }
}
