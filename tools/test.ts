/**
 * `make test`: the checks, then every group of tests in a process of its own, then one line with the sums.
 * Arguments choose groups by name, or paths of test files.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Group {
  readonly name: string;
  readonly paths: readonly string[];
  readonly conditions?: string;
}

const GROUPS: readonly Group[] = [
  { name: "tidy", paths: ["tools"] },
  { name: "unit", paths: ["packages", "apps"] },
  { name: "integration", paths: ["tests/integration"] },
  { name: "conformance", paths: ["tests/conformance"] },
  { name: "faults", paths: ["tests/faults"] },
  { name: "browser", paths: ["tests/browser"] },
];

/** Of a failed test's message, in the last lines. */
const MESSAGE_CHARS_MAX = 300;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Result extends Counts {
  /** "file: titles: what went wrong" of each. */
  readonly failures: readonly string[];
}

const wanted = process.argv.slice(2);
const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];

if (wanted.length === 0 || wanted.includes("check")) {
  const check = Bun.spawnSync([process.execPath, "tools/check.ts"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  counts[check.exitCode === 0 ? "passed" : "failed"] += 1;
  if (check.exitCode !== 0) failures.push("check: types, lint or format");
}
for (const group of groupsOf(wanted)) {
  console.log(`\n== ${group.name}`);
  add(await runGroup(group));
}
// The end of a long output is what people, and services that cut it, get to see.
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed === 0 ? 0 : 1);

function groupsOf(names: readonly string[]): readonly Group[] {
  if (names.length === 0) return GROUPS;
  const paths = names.filter((name) => name !== "check" && !GROUPS.some((group) => group.name === name));
  const named = GROUPS.filter((group) => names.includes(group.name));
  return paths.length === 0 ? named : [...named, { name: "named files", paths }];
}

async function runGroup(group: Group): Promise<Result> {
  const scratch = mkdtempSync(join(tmpdir(), "aistore-test-"));
  const report = join(scratch, "junit.xml");
  const command = [
    process.execPath,
    "test",
    "--timeout=60000",
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    ...group.paths.map((path) => `./${path.replace(/^\.\//, "")}`),
  ];
  try {
    const child = Bun.spawn(command, { stdio: ["ignore", "inherit", "inherit"] });
    const exitCode = await child.exited;
    const found = readReport(report);
    // A runner that died, or found no test where there must be some, is a failure that no count shows.
    if ((exitCode === 0 || found.failed > 0) && found.passed + found.failed + found.skipped > 0) return found;
    const failure = `${group.name}: the runner ended with ${exitCode}`;
    return { ...found, failed: found.failed + 1, failures: [...found.failures, failure] };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function readReport(path: string): Result {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { passed: 0, failed: 0, skipped: 0, failures: [] };
  }
  const head = /<testsuites[^>]*>/.exec(text)?.[0] ?? "";
  const number = (name: string): number => Number(attribute(head, name) || 0);
  const failed = number("failures") + number("errors");
  const skipped = number("skipped");
  const broken = text.matchAll(/(<testcase [^>]*>)\s*(<(?:failure|error)[^>]*>)/g);
  const failures = [...broken].map(([, testCase = "", failure = ""]) => {
    const titles = [attribute(testCase, "classname"), attribute(testCase, "name")].filter(Boolean);
    const message = attribute(failure, "message").replace(/\s+/g, " ").trim().slice(0, MESSAGE_CHARS_MAX);
    return `${attribute(testCase, "file")}: ${titles.join(" > ")}: ${message}`;
  });
  return { passed: number("tests") - failed - skipped, failed, skipped, failures };
}

function attribute(element: string, name: string): string {
  const raw = new RegExp(`\\b${name}="([^"]*)"`).exec(element)?.[1] ?? "";
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&", 10: "\n" };
  return raw.replace(/&#?(\w+);/g, (whole, entity: string) => entities[entity] ?? whole);
}

function add(more: Result): void {
  counts.passed += more.passed;
  counts.failed += more.failed;
  counts.skipped += more.skipped;
  failures.push(...more.failures);
}
