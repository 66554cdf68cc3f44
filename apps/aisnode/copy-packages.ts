/** Copies npm packages and what they need at run time into a `node_modules` that stands on its own. */
import { existsSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { dirname, join, sep } from "node:path";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Parts of a package that only a compiler or a person reads. */
const SKIPPED = new Set(["dependencies", "src", "dict", "test", "tests", "benchmark", "docs", "README.md"]);
const SKIPPED_SUFFIXES = [".map", ".d.ts", ".d.cts", ".gyp", ".md"];

/** Prebuilt addons for Node's own ABI; Bun loads the Node-API one. */
const SKIPPED_ADDON = /node\.abi\d+\.[a-z]+\.node$/;

/**
 * Copies `names`, found from `fromDir` the way the runtime finds them, and their dependencies. Optional dependencies
 * that are not installed are those of other platforms, and are left out.
 */
export async function copyPackages(names: readonly string[], fromDir: string, toDir: string): Promise<void> {
  const done = new Set<string>();
  const pending = names.map((name) => ({ name, from: fromDir, to: toDir, optional: false }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const source = findPackage(next.name, next.from);
    if (source === null) {
      if (next.optional) continue;
      throw new Error(`package ${next.name}, needed from ${next.from}, is not installed`);
    }
    // A copy nested in its dependent stays nested, so that two versions of one package can live side by side.
    const nested = source.startsWith(`${next.from}${sep}node_modules${sep}`) && next.from !== fromDir;
    const target = join(nested ? join(next.to, "node_modules") : toDir, next.name);
    if (done.has(target)) continue;
    done.add(target);
    await copyOne(source, target);
    const manifest = (await Bun.file(join(source, "package.json")).json()) as Manifest;
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      pending.push({ name, from: source, to: target, optional: false });
    }
    for (const name of Object.keys(manifest.optionalDependencies ?? {})) {
      pending.push({ name, from: source, to: target, optional: true });
    }
  }
}

function findPackage(name: string, fromDir: string): string | null {
  for (let directory = fromDir; ; directory = dirname(directory)) {
    const candidate = join(directory, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (directory === dirname(directory)) return null;
  }
}

async function copyOne(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await cp(source, target, {
    recursive: true,
    filter: (path) => {
      const inside = path.slice(source.length + 1);
      const [top = ""] = inside.split(sep);
      if (inside.split(sep).some((part) => part.startsWith("."))) return false;
      if (top === "node_modules" || (SKIPPED.has(top) && inside !== "")) return false;
      return !SKIPPED_SUFFIXES.some((suffix) => path.endsWith(suffix)) && !SKIPPED_ADDON.test(path);
    },
  });
}
