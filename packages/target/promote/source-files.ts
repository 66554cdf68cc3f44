/**
 * The files that a promotion is about. Nothing outside the promote root is ever read: symbolic links are neither followed
 * nor promoted, and a file is judged by where its open descriptor says it is, whatever its path led through.
 */
import type { Dirent, Stats } from "node:fs";
import { constants, lstat, open, opendir, readlink, realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { AisError, isAisError } from "@ais/base/errors.ts";
import type { PromoteWork } from "@ais/wire/promote.ts";

/**
 * Of one directory, since its names are sorted in memory. Bun 1.4 reads a directory whole before it hands out the first
 * entry, so this bounds what is made of the names, not yet what the runtime holds meanwhile.
 */
const DIRECTORY_ENTRIES_MAX = 1_000_000;
/** What a name that is not UTF-8 reads as. */
const REPLACEMENT = "\uFFFD";

export interface PromoteSource {
  /** Free of symbolic links. */
  readonly path: string;
  readonly isDirectory: boolean;
}

export interface SourceFile {
  readonly path: string;
  /** Below the source, with slashes; of a source that is a file, its name. */
  readonly relativePath: string;
}

/** Throws `badRequest` for a path outside the root or through a link, `notFound` for one that is not there. */
export async function resolveSource(root: string, source: string): Promise<PromoteSource> {
  const trimmed = source.replace(/\/+$/, "").replace(/\/{2,}/g, "/");
  if (trimmed !== root && !trimmed.startsWith(`${root}/`))
    throw new AisError("badRequest", `invalid promote source "${source}": it is not under "${root}"`);
  const realRoot = await realRootOf(root);
  const wanted = realRoot + trimmed.slice(root.length);
  const real = await realpath(wanted).catch((error) => {
    throw fileError("find", source, error);
  });
  if (real !== wanted)
    throw new AisError("badRequest", `invalid promote source "${source}": it leads through a symbolic link`);
  const stat = await lstat(real).catch((error) => {
    throw fileError("find", source, error);
  });
  if (!stat.isFile() && !stat.isDirectory())
    throw new AisError("badRequest", `invalid promote source "${source}": neither a file nor a directory`);
  return { path: real, isDirectory: stat.isDirectory() };
}

/**
 * The files of a promotion that began after all of it was seen to be there: a single file that is to be deleted and has gone
 * is done, by another target or by a try before this one.
 */
export async function filesToPromote(
  root: string,
  { args, isDirectory }: PromoteWork,
  after: string,
): Promise<AsyncGenerator<SourceFile, void, undefined>> {
  try {
    return sourceFiles(await resolveSource(root, args.source), args.recursive, after);
  } catch (error) {
    if (args.deleteSource && !isDirectory && isAisError(error, "notFound")) return noFiles();
    throw error;
  }
}

async function* noFiles(): AsyncGenerator<SourceFile, void, undefined> {}

async function realRootOf(root: string): Promise<string> {
  return realpath(root).catch((cause) => {
    const why = isMissing(cause) ? "does not exist" : "cannot be read";
    throw new AisError("badRequest", `promote root "${root}" ${why}`, { cause });
  });
}

/** In one order, that of walking the tree by sorted names; `after` is the relative path to go on behind, empty for all. */
export async function* sourceFiles(
  source: PromoteSource,
  recursive: boolean,
  after: string,
): AsyncGenerator<SourceFile, void, undefined> {
  if (!source.isDirectory) {
    if (after === "") yield { path: source.path, relativePath: basename(source.path) };
    return;
  }
  yield* filesBelow(source.path, "", recursive, after === "" ? [] : after.split("/"));
}

async function* filesBelow(
  directory: string,
  prefix: string,
  recursive: boolean,
  after: readonly string[],
): AsyncGenerator<SourceFile, void, undefined> {
  const [afterName = "", ...afterBelow] = after;
  for (const entry of await sortedEntries(directory)) {
    const { name } = entry;
    if (name < afterName || (name === afterName && afterBelow.length === 0)) continue;
    const path = join(directory, name);
    if (entry.isFile()) yield { path, relativePath: prefix + name };
    else if (entry.isDirectory() && recursive)
      yield* filesBelow(path, `${prefix}${name}/`, recursive, name === afterName ? afterBelow : []);
  }
}

/** Throws `badRequest` as soon as there are more than `maxCount`: no more of them are kept. */
export async function collectEntries(
  directory: string,
  entries: AsyncIterable<Dirent>,
  maxCount = DIRECTORY_ENTRIES_MAX,
): Promise<Dirent[]> {
  const collected: Dirent[] = [];
  for await (const entry of entries)
    if (collected.push(entry) > maxCount) throw tooManyEntries(directory, maxCount);
  return collected;
}

async function sortedEntries(directory: string): Promise<readonly Dirent[]> {
  let entries: Dirent[];
  try {
    entries = await collectEntries(directory, await opendir(directory));
  } catch (error) {
    // Gone since it was listed: whoever removed it took its files along.
    if (isMissing(error)) return [];
    throw isAisError(error) ? error : fileError("read", directory, error);
  }
  const broken = entries.find(({ name }) => name.includes(REPLACEMENT));
  if (broken !== undefined)
    throw new AisError("badRequest", `name of file "${join(directory, broken.name)}" is not UTF-8`);
  return entries.sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
}

function tooManyEntries(directory: string, maxCount: number): AisError {
  return new AisError(
    "badRequest",
    `directory "${directory}" has more than ${maxCount} entries: promote it in parts`,
  );
}

export interface OpenSource extends AsyncDisposable {
  /** Reads the file that is open, whatever becomes of its name. */
  readonly descriptorPath: string;
  readonly stat: Stats;
}

/** Null when the file has gone. Throws `badRequest` when it is no plain file below the root. */
export async function openSourceFile(root: string, { path }: SourceFile): Promise<OpenSource | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error) => {
      if (isMissing(error)) return null;
      throw fileError("open", path, error);
    },
  );
  if (file === null) return null;
  try {
    const descriptorPath = `/proc/self/fd/${file.fd}`;
    const stat = await file.stat();
    if (!stat.isFile()) throw new AisError("badRequest", `"${path}" is not a plain file`);
    const [real, realRoot] = await Promise.all([readlink(descriptorPath), realRootOf(root)]);
    if (!real.startsWith(`${realRoot}/`))
      throw new AisError("badRequest", `"${path}" is not under "${root}"`);
    return { descriptorPath, stat, [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "ENOENT" || code === "ENOTDIR";
}

export function fileError(action: string, path: string, cause: unknown): AisError {
  if (isMissing(cause)) return new AisError("notFound", `"${path}" does not exist`, { cause });
  const { code = "unknown error" } = cause as { readonly code?: string };
  return new AisError("badRequest", `failed to ${action} "${path}": ${code}`, { cause });
}
