import { isTestFile, type SourceFile, type Workspace } from "./sources.ts";

/** Lowest first (ARCHITECTURE.md, layers). A workspace imports only from lower layers. */
const LAYERS: readonly (readonly string[])[] = [
  ["@ais/base"],
  ["@ais/wire", "@ais/hrw"],
  ["@ais/tracing"],
  ["@ais/cluster", "@ais/storage"],
  ["@ais/node", "@ais/client"],
  ["@ais/proxy", "@ais/target"],
  ["@ais/testkit"],
];

const layerOf = new Map(LAYERS.flatMap((names, layer) => names.map((name) => [name, layer] as const)));

/** What may be imported of `@ais/tracing` by others: the seam, never the implementation behind the export condition. */
const TRACING_SEAM =
  /^@ais\/tracing(\/(types|noop|redact|attribute-block|span-names)\.ts|\/otlp\/.+|\/w3c\/.+)?$/;

const BROWSER_SAFE = new Set(["@ais/wire", "@ais/hrw", "@ais/client"]);

export function layerProblems(
  files: readonly SourceFile[],
  workspaces: readonly Workspace[],
): readonly string[] {
  return files.flatMap((file) => {
    const home = workspaces.find((workspace) => file.path.startsWith(`${workspace.folder}/`));
    return home === undefined
      ? []
      : file.imports.flatMap((specifier) => importProblem(file, home, specifier) ?? []);
  });
}

function importProblem(file: SourceFile, home: Workspace, specifier: string): string | null {
  const at = `${file.path} imports ${specifier}`;
  if (specifier.startsWith(".")) {
    const target = new URL(specifier, `file:///${file.path}`).pathname.slice(1);
    return target.startsWith(`${home.folder}/`)
      ? null
      : `${at}: leaves its workspace; import it by its package name`;
  }
  const builtin = specifier.startsWith("node:") || specifier.startsWith("bun:") || specifier === "bun";
  if (builtin) {
    const allowed = isTestFile(file.path) || !BROWSER_SAFE.has(home.name) || file.path.endsWith("-node.ts");
    return allowed || file.path.includes("node-transport")
      ? null
      : `${at}: this package must run in a browser`;
  }
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const declared =
    home.dependencies.has(name) ||
    (isTestFile(file.path) && home.devDependencies.has(name)) ||
    name === home.name;
  if (!declared) return `${at}: not declared in ${home.folder}/package.json`;
  if (
    name === "@ais/tracing" &&
    home.name !== name &&
    !isTestFile(file.path) &&
    !TRACING_SEAM.test(specifier)
  ) {
    return `${at}: only the seam of @ais/tracing may be imported`;
  }
  return upwardImport(home, name) && !isTestFile(file.path) ? `${at}: ${name} is not in a lower layer` : null;
}

function upwardImport(home: Workspace, name: string): boolean {
  const from = layerOf.get(home.name);
  const to = layerOf.get(name);
  return name !== home.name && from !== undefined && to !== undefined && to >= from;
}

/** Declared and never imported. */
export function unusedDependencies(
  files: readonly SourceFile[],
  workspaces: readonly Workspace[],
): readonly string[] {
  return workspaces.flatMap((workspace) => {
    const used = files
      .filter((file) => file.path.startsWith(`${workspace.folder}/`))
      .flatMap((file) => file.imports);
    return [...workspace.dependencies, ...workspace.devDependencies]
      .filter((name) => !name.startsWith("@types/"))
      .filter((name) => !used.some((specifier) => specifier === name || specifier.startsWith(`${name}/`)))
      .map((name) => `${workspace.folder}/package.json declares ${name}, which nothing there imports`);
  });
}
