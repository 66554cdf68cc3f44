/** The published Python SDK in a virtual environment of its own, and the tests in `python/` run with it. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface PythonResult {
  /** `module.Class.test`. */
  readonly id: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly seconds: number;
  /** Traceback, or why it was skipped. */
  readonly detail: string;
}

export type Profile = "smoke" | "full";

export interface SuiteSettings {
  readonly endpoint: string;
  /** Directory from which the cluster's targets promote files. */
  readonly promoteRoot: string;
  readonly profile: Profile;
}

const REPOSITORY = resolve(import.meta.dir, "../..");
const ENVIRONMENT = join(REPOSITORY, ".conformance");
const INSTALL_TIMEOUT_MS = 180_000;
const SUITE_TIMEOUT_MS = { smoke: 120_000, full: 900_000 } as const;

/** The interpreter of an environment that holds what a file of requirements names, or why there is none. */
export function preparePython(
  file = "requirements.txt",
): { readonly python: string } | { readonly missing: string } {
  const path = join(import.meta.dir, file);
  const requirements = readFileSync(path, "utf8");
  const key = createHash("sha256").update(requirements).digest("hex").slice(0, 12);
  const folder = join(ENVIRONMENT, `python-${key}`);
  const python = join(folder, "bin/python");
  const stamp = join(folder, "installed");
  if (existsSync(stamp)) return { python };
  if (Bun.which("python3") === null) return { missing: "there is no python3" };
  rmSync(folder, { recursive: true, force: true });
  const made = run(["python3", "-m", "venv", folder]);
  if (made !== null) return { missing: `python3 cannot make a virtual environment: ${made}` };
  const installed = run([python, "-m", "pip", "install", "--quiet", "--retries=1", "-r", path]);
  if (installed !== null) return { missing: `the Python packages cannot be installed: ${installed}` };
  writeFileSync(`${stamp}.new`, requirements);
  renameSync(`${stamp}.new`, stamp);
  return { python };
}

/** One result a test. Throws when the run itself failed, which no result shows. */
export async function runPythonSuite(
  python: string,
  { endpoint, promoteRoot, profile }: SuiteSettings,
): Promise<readonly PythonResult[]> {
  const folder = join(import.meta.dir, "python");
  const child = Bun.spawn([python, "-B", join(folder, "run.py"), folder], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: process.env["HOME"] ?? "",
      AIS_ENDPOINT: endpoint,
      AIS_CONFORMANCE_PROFILE: profile,
      AIS_CONFORMANCE_PROMOTE_ROOT: promoteRoot,
    },
    stdout: "pipe",
    stderr: "pipe",
    timeout: SUITE_TIMEOUT_MS[profile],
  });
  const [output, complaints, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode !== 0) throw new Error(`the Python tests ended with ${exitCode}:\n${complaints}`);
  const lines = output.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as PythonResult);
}

/** Null when it went well, otherwise the last thing it said. */
function run(command: readonly string[]): string | null {
  const { exitCode, stderr } = Bun.spawnSync([...command], {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (exitCode === 0) return null;
  return stderr.toString().trim().split("\n").at(-1) ?? "no reason given";
}
