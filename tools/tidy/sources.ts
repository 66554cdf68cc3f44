import { Glob } from "bun";

/** One TypeScript file of the repository, with what the rules need of it. */
export interface SourceFile {
  /** Relative to the repository's root. */
  readonly path: string;
  readonly text: string;
  readonly lineCount: number;
  /** Module specifiers of static and dynamic imports, of re-exports and of `new URL("…", import.meta.url)`. */
  readonly imports: readonly string[];
}

export interface Workspace {
  readonly name: string;
  readonly folder: string;
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
}

const IMPORT_PATTERNS = [
  /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*["']([^"']+)["']/g,
  /(?:^|\n)\s*import\s*["']([^"']+)["']/g,
  /\bimport\(\s*["']([^"']+)["']\s*\)/g,
  /new URL\(\s*["'](\.[^"']+)["']\s*,\s*import\.meta\.url/g,
];

export async function readSources(root: string): Promise<readonly SourceFile[]> {
  const files: SourceFile[] = [];
  for await (const path of new Glob("{packages,apps,tests,tools}/**/*.ts").scan({ cwd: root })) {
    if (path.includes("node_modules/") || path.endsWith(".d.ts")) continue;
    const text = await Bun.file(`${root}/${path}`).text();
    files.push({ path, text, lineCount: text.split("\n").length - 1, imports: importsOf(text) });
  }
  return files.sort((a, b) => a.path.localeCompare(b.path));
}

export function importsOf(text: string): readonly string[] {
  const found = new Set<string>();
  for (const pattern of IMPORT_PATTERNS) {
    for (const match of text.matchAll(pattern)) found.add(match[1] ?? "");
  }
  return [...found];
}

export async function readWorkspaces(root: string): Promise<readonly Workspace[]> {
  const found: Workspace[] = [];
  for await (const path of new Glob("{packages,apps}/*/package.json").scan({ cwd: root })) {
    const manifest = await Bun.file(`${root}/${path}`).json();
    found.push({
      name: manifest.name,
      folder: path.slice(0, -"/package.json".length),
      dependencies: new Set(Object.keys(manifest.dependencies ?? {})),
      devDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
    });
  }
  return found;
}

export function isTestFile(path: string): boolean {
  return (
    /\.(test|case-suite|fixture)\.ts$/.test(path) ||
    path.startsWith("tests/") ||
    /\/(fixtures|testing)\//.test(path)
  );
}
