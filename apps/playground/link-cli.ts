import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { delimiter, join, resolve } from "node:path";

export interface LinkResult {
  /** The link on the PATH, or null when the user has to extend the PATH. */
  readonly path: string | null;
  readonly note: string;
  /** It was not there before, or led elsewhere. */
  readonly isNew: boolean;
  /** Where it led before, such as another checkout; empty for nowhere. */
  readonly before: string;
}

/**
 * Makes `ais` a command of the user's shell, as AIStore's `make cli` does: a link in the first of ~/.local/bin and
 * /usr/local/bin that is on the PATH and writable. Something else of that name is never replaced.
 */
export function linkCli(env: Readonly<Record<string, string | undefined>>): LinkResult {
  const launcher = resolve("bin/ais");
  const onPath = (env["PATH"] ?? "").split(delimiter);
  const extendPath = `not on the PATH; run: export PATH="${resolve("bin")}:$PATH"`;
  const candidates = [join(env["HOME"] ?? "/root", ".local/bin"), "/usr/local/bin"].filter((directory) =>
    onPath.includes(directory),
  );
  for (const directory of candidates) {
    const link = join(directory, "ais");
    const present = linkTarget(link);
    if (present === launcher) return { path: link, note: "", isNew: false, before: "" };
    if (present !== null && !isOurs(present)) {
      return {
        path: null,
        note: `${link} is another program and stays; ${extendPath}`,
        isNew: false,
        before: "",
      };
    }
    if (!isWritable(directory)) continue;
    rmSync(link, { force: true });
    symlinkSync(launcher, link);
    return { path: link, note: "", isNew: true, before: present ?? "" };
  }
  return { path: null, note: extendPath, isNew: false, before: "" };
}

/** Takes back a link that `linkCli` made, unless it leads elsewhere by now. True when it did. */
export function unlinkCli(link: string, before: string): boolean {
  if (link === "" || linkTarget(link) !== resolve("bin/ais")) return false;
  rmSync(link);
  if (before !== "" && existsSync(before)) symlinkSync(before, link);
  return true;
}

/** A launcher of this or another checkout of this product, or a link to nothing. */
function isOurs(target: string): boolean {
  if (!existsSync(target)) return target !== "";
  return statSync(target).size < 10_000 && readFileSync(target, "utf8").includes("apps/ais/main.ts");
}

/** Where the link points, the empty text for something that is no link, null for nothing. */
function linkTarget(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : "";
  } catch {
    return null;
  }
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
