/** What `build.ts` wrote beside the bundle. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

export interface BuildInfo {
  readonly tags: readonly string[];
  readonly version: string;
  readonly commit?: string;
  /** RFC 3339. */
  readonly time: string;
}

/** Null when running from source. */
export async function readBuildInfo(directory: string = import.meta.dir): Promise<BuildInfo | null> {
  try {
    return JSON.parse(await readFile(join(directory, "build.json"), "utf8")) as BuildInfo;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** RFC 3339. From source nothing was built, and all nodes of one checkout name the same time: that of its entry file. */
export async function buildTime(directory: string = import.meta.dir): Promise<string> {
  const build = await readBuildInfo(directory);
  return build?.time ?? (await stat(join(directory, "main.ts"))).mtime.toISOString();
}

export function versionText(version: string, build: BuildInfo | null): string {
  if (build === null) return `aisnode ${version} (from source)`;
  const details = [...build.tags, ...(build.commit === undefined ? [] : [build.commit]), build.time];
  return `aisnode ${version} (${details.join(", ")})`;
}
