import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildNode } from "../../apps/aisnode/build.ts";

export interface BuiltNode extends AsyncDisposable {
  readonly folder: string;
}

/** The build of `make node`, in a folder of its own. */
export async function buildAisnode(tags: readonly string[]): Promise<BuiltNode> {
  const parent = mkdtempSync(join(tmpdir(), "aisnode-build-"));
  const folder = join(parent, "aisnode");
  await buildNode({ tags, outDir: folder, version: "5.0-test", commit: "" });
  return { folder, [Symbol.asyncDispose]: async () => rmSync(parent, { recursive: true, force: true }) };
}
