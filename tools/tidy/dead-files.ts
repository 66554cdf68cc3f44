import { isTestFile, type SourceFile, type Workspace } from "./sources.ts";

/** Files that something other than an import starts. */
const ENTRY = /(^|\/)(main|build|check|test|worker)\.ts$|(^|\/)web\/|^tests\/|^tools\//;

/** Files that nothing imports. A file that only tests import is dead as well, unless it is itself a part of the tests. */
export function deadFiles(files: readonly SourceFile[], workspaces: readonly Workspace[]): readonly string[] {
  const reached = new Set<string>();
  for (const file of files) {
    for (const specifier of file.imports) {
      const target = resolve(file.path, specifier, workspaces);
      if (target !== null && (!isTestFile(file.path) || isTestFile(target) || isTestkit(target)))
        reached.add(target);
    }
  }
  return files
    .filter((file) => !reached.has(file.path) && !ENTRY.test(file.path) && !file.path.endsWith(".test.ts"))
    .filter((file) => !isTestFile(file.path) || !isStartedByName(file, files))
    .filter((file) => !/packages\/tracing\/(on|off)\.ts$/.test(file.path))
    .map((file) => `${file.path} is imported by nothing`);
}

/** A program that tests start as a process of its own: they name its file in a path. */
function isStartedByName(file: SourceFile, files: readonly SourceFile[]): boolean {
  const name = file.path.split("/").at(-1) ?? "";
  return files.some((other) => other !== file && isTestFile(other.path) && other.text.includes(name));
}

function isTestkit(path: string): boolean {
  return path.startsWith("packages/testkit/");
}

function resolve(from: string, specifier: string, workspaces: readonly Workspace[]): string | null {
  if (specifier.startsWith(".")) return new URL(specifier, `file:///${from}`).pathname.slice(1);
  const home = workspaces.find((workspace) => specifier.startsWith(`${workspace.name}/`));
  return home === undefined ? null : `${home.folder}/${specifier.slice(home.name.length + 1)}`;
}
