/** From `FILE|DIRECTORY|PATTERN …` to files and the names of the objects they become. */
import { globSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join, relative, resolve, sep } from "node:path";
import { isPrefixOnly, templateCount, templateName } from "@ais/wire/object-template.ts";
import { UsageError } from "./errors.ts";
import { parseObjectTemplate } from "./jobs/selection-options.ts";

export interface SourceFile {
  readonly path: string;
  readonly objectName: string;
  readonly sizeBytes: number;
}

export interface Sources {
  readonly files: readonly SourceFile[];
  readonly directories: number;
  /** One regular file was named: its destination may be a whole object name. */
  readonly isSingleFile: boolean;
}

export interface SourceOptions {
  readonly recursive: boolean;
  /** Object names keep the last element of a source directory. */
  readonly includeSourceDirectory: boolean;
  /** What follows the bucket in the destination; stands before every name as it is (AIStore's rule). */
  readonly destination: string;
  /** The words are from `--list` or `--template`: the destination stands before the name of a single file too. */
  readonly selection?: "list" | "template" | null;
}

/** Files of one range; more are a mistake. */
const RANGE_MAX_FILES = 1_000_000;

export async function findSources(words: readonly string[], options: SourceOptions): Promise<Sources> {
  const isTemplate = options.selection === "template";
  const found = (await Promise.all(words.map((word) => expandWord(word, isTemplate)))).flat();
  const files: SourceFile[] = [];
  let directories = 0;
  for (const { path, name } of found) {
    const entry = await stat(path);
    if (entry.isDirectory()) {
      directories++;
      files.push(...(await directoryFiles(path, options)));
    } else {
      files.push({ path, objectName: options.destination + name, sizeBytes: entry.size });
    }
  }
  const [first] = files;
  const isSelection = (options.selection ?? null) !== null || words.some(isRange);
  const isSingleFile =
    found.length === 1 && directories === 0 && words.length === 1 && first !== undefined && !isSelection;
  if (!isSingleFile) return { files, directories, isSingleFile };
  return {
    files: [{ ...first, objectName: singleName(first, options.destination) }],
    directories,
    isSingleFile,
  };
}

/** As with `cp`: nothing or a trailing slash keeps the file's name, anything else is the name. */
function singleName(file: SourceFile, destination: string): string {
  return destination === "" || destination.endsWith("/") ? destination + basename(file.path) : destination;
}

/** A file or directory, and what a file of it is called below the destination. */
interface FoundPath {
  readonly path: string;
  readonly name: string;
}

/** An existing path, else a range of files, else a quoted pattern, else AIStore's comma-separated list. */
async function expandWord(word: string, isTemplate: boolean): Promise<readonly FoundPath[]> {
  const path = expandHome(word);
  if (await exists(path)) return [{ path, name: basename(path) }];
  if (isRange(word) || (isTemplate && !isPrefixOnly(parseObjectTemplate(path)))) return expandRange(path);
  const matches = /[*?[{]/.test(path) ? globSync(path).sort() : [];
  if (matches.length > 0) return matches.map((match) => ({ path: match, name: basename(match) }));
  const items = word.split(",").map((item) => item.trim());
  if (items.length > 1) return (await Promise.all(items.map((item) => expandWord(item, isTemplate)))).flat();
  throw new UsageError(`"${word}" is not a file, not a directory, and matches no file as a pattern`);
}

function isRange(word: string): boolean {
  return /\{\d+\.\.\d+(\.\.\d+)?\}/.test(word);
}

/** Names keep what follows the last directory before the first range, as in AIStore. A file that is missing is a failure. */
async function expandRange(path: string): Promise<readonly FoundPath[]> {
  const template = parseObjectTemplate(path);
  const count = templateCount(template);
  if (count > RANGE_MAX_FILES)
    throw new UsageError(`"${path}" stands for more than ${RANGE_MAX_FILES} files`);
  const trimmed = template.prefix.lastIndexOf("/") + 1;
  const found: FoundPath[] = [];
  for (let index = 0; index < count; index++) {
    const each = templateName(template, index);
    if (!(await exists(each))) throw new UsageError(`"${each}" of "${path}" does not exist`);
    found.push({ path: each, name: each.slice(trimmed) });
  }
  return found;
}

async function directoryFiles(directory: string, options: SourceOptions): Promise<readonly SourceFile[]> {
  const kept = options.includeSourceDirectory ? `${basename(resolve(directory))}/` : "";
  const files: SourceFile[] = [];
  for await (const path of walk(directory, options.recursive)) {
    const found = await stat(path).catch(() => null);
    if (found === null || !found.isFile()) continue;
    const name = kept + relative(directory, path).split(sep).join("/");
    files.push({ path, objectName: options.destination + name, sizeBytes: found.size });
  }
  return files.sort((left, right) => (left.objectName < right.objectName ? -1 : 1));
}

/** Links to files are followed, links to directories are not: a loop of them would never end. */
async function* walk(directory: string, recursive: boolean): AsyncGenerator<string> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isFile() || entry.isSymbolicLink()) yield path;
    else if (recursive && entry.isDirectory()) yield* walk(path, true);
  }
}

function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
