/**
 * Builds the deployable folder `dist/aisnode` (run by `make node`): a launcher, the bundle, its workers, the packages
 * that cannot be bundled and the runtime, so that a copy of the folder runs on a machine without npm.
 * `TAGS=oteltracing` builds with tracing; without it the bundle is proved to hold no tracing code (tracing.md 2).
 */
import { chmod, link, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { copyPackages } from "./copy-packages.ts";

const TRACING_TAG = "oteltracing";
/** Native addons: they are found beside the bundle, never inside it. */
const EXTERNAL_PACKAGES = ["lmdb"];
/** A worker is a program of its own, found beside the bundle under this name (`exportWorkerUrl`). */
const TRACE_WORKER = "@ais/tracing/export/worker.ts";
const TRACE_WORKER_BUNDLE = "trace-export-worker.js";
/** Text that only tracing code has. Inputs are checked too; this catches code that came in by another path. */
const TRACING_MARKERS = ["@grpc/grpc-js", "@opentelemetry/", "opentelemetry.proto.", "TraceService/Export"];
const TRACING_INPUT =
  /@opentelemetry\/|@grpc\/|packages\/tracing\/(?!(?:off|noop|types|redact|attribute-block)\.ts)/;

const LAUNCHER = `#!/bin/sh
# Starts the bundle with the runtime that lies beside it, wherever the folder is and however it was linked.
self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname "$self")/$target ;;
  esac
done
here=$(CDPATH= cd -- "$(dirname -- "$self")" && pwd) || exit 1
# What lies in the current directory (.env, bunfig.toml) is none of the node's business.
BUN_RUNTIME_TRANSPILER_CACHE_PATH=0 exec "$here/bun" --no-env-file --no-install --config="$here/bunfig.toml" "$here/aisnode.js" "$@"
`;

export interface BuildOptions {
  readonly tags: readonly string[];
  readonly outDir: string;
  readonly version: string;
  /** Empty when unknown. */
  readonly commit: string;
}

/** Replaces `outDir` as a whole, so that a failed build leaves the last good one in place. */
export async function buildNode(options: BuildOptions): Promise<void> {
  const staging = `${options.outDir}.building`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  const tracing = options.tags.includes(TRACING_TAG);
  const inputs = await bundle(join(import.meta.dir, "main.ts"), "aisnode.js", staging, tracing);
  if (tracing)
    await bundle(fileURLToPath(import.meta.resolve(TRACE_WORKER)), TRACE_WORKER_BUNDLE, staging, tracing);
  else await assertNoTracing(inputs, join(staging, "aisnode.js"));
  await copyPackages(EXTERNAL_PACKAGES, import.meta.dir, join(staging, "node_modules"));
  await placeRuntime(join(staging, "bun"));
  await writeFile(join(staging, "aisnode"), LAUNCHER);
  await chmod(join(staging, "aisnode"), 0o755);
  await writeFile(join(staging, "bunfig.toml"), "");
  const about = {
    tags: options.tags,
    version: options.version,
    ...(options.commit === "" ? {} : { commit: options.commit }),
    time: new Date().toISOString(),
    runtime: `bun ${Bun.version}`,
    platform: `${process.platform}-${process.arch}`,
  };
  await writeFile(join(staging, "build.json"), `${JSON.stringify(about, null, 2)}\n`);
  await rm(options.outDir, { recursive: true, force: true });
  await rename(staging, options.outDir);
}

/** Bundles one entry into one file. Returns the paths of all inputs. */
async function bundle(entry: string, name: string, outDir: string, tracing: boolean): Promise<string[]> {
  const result = await Bun.build({
    entrypoints: [entry],
    target: "bun",
    format: "esm",
    outdir: outDir,
    naming: name,
    external: EXTERNAL_PACKAGES,
    conditions: tracing ? [TRACING_TAG] : [],
    metafile: true,
  });
  if (!result.success) throw new AggregateError(result.logs, `failed to bundle ${entry}`);
  return Object.keys(result.metafile?.inputs ?? {});
}

async function assertNoTracing(inputs: readonly string[], bundlePath: string): Promise<void> {
  const input = inputs.find((path) => TRACING_INPUT.test(path));
  if (input !== undefined) throw new Error(`the build without ${TRACING_TAG} bundles ${input}`);
  const text = await Bun.file(bundlePath).text();
  const marker = TRACING_MARKERS.find((candidate) => text.includes(candidate));
  if (marker !== undefined) throw new Error(`the build without ${TRACING_TAG} contains "${marker}"`);
}

/** A hard link where the file system allows it: the runtime is 100 MB. */
async function placeRuntime(path: string): Promise<void> {
  try {
    await link(process.execPath, path);
  } catch {
    await Bun.write(path, Bun.file(process.execPath));
    await chmod(path, 0o755);
  }
}

/** Empty where there is no git or no checkout: a machine that builds needs neither. */
async function currentCommit(directory: string): Promise<string> {
  if (Bun.which("git") === null) return "";
  const git = Bun.spawn(["git", "rev-parse", "--short", "HEAD"], {
    cwd: directory,
    stdout: "pipe",
    stderr: "ignore",
  });
  const text = (await git.stdout.text()).trim();
  return (await git.exited) === 0 ? text : "";
}

if (import.meta.main) {
  const { AIS_VERSION } = await import("@ais/wire/version.ts");
  const root = resolve(import.meta.dir, "../..");
  const tags = (process.env["TAGS"] ?? "").split(/[\s,]+/).filter((tag) => tag !== "");
  const outDir = join(root, "dist/aisnode");
  await buildNode({ tags, outDir, version: AIS_VERSION, commit: await currentCommit(root) });
  console.log(`built ${outDir}/aisnode${tags.length > 0 ? ` with ${tags.join(", ")}` : ""}`);
  const meaningless = tags.filter((tag) => tag !== TRACING_TAG);
  // AIStore has others, so scripts may name them; a misspelt one would build without tracing and not say so.
  if (meaningless.length > 0)
    console.log(`note: ${meaningless.join(", ")} changes nothing here; the one tag is ${TRACING_TAG}`);
}
