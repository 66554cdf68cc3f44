import { AisError } from "@ais/base/errors.ts";
import type { ClusterControl } from "./cluster/control.ts";
import type { LoadOptions } from "./load-options.ts";

/** Names are kept in memory; of a larger bucket the first ones are read. */
const NAMES_MAX = 20_000_000;

/** Names of the objects that the load reads: of the file list, or those that the bucket has under the subdirectory. */
export async function namesToRead(control: ClusterControl, options: LoadOptions): Promise<readonly string[]> {
  if (options.fileList === "")
    return control.objectNames(options.bucket, options.naming.subdirectory, NAMES_MAX);
  const file = Bun.file(options.fileList);
  if (!(await file.exists())) throw new AisError("notFound", `no file list at "${options.fileList}"`);
  return (await file.text())
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
