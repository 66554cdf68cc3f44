import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ACTIONS } from "@ais/wire/actions.ts";
import { OPERATIONS } from "@ais/wire/operations.ts";
import { ACTION_COVERAGE, type Coverage, OPERATION_COVERAGE } from "./inventory.ts";

const TESTS = join(import.meta.dir, "..");

/** Empty when all is well. The title may be the start of the one in the file. */
function fault(coverage: Coverage | undefined): string {
  if (coverage === undefined) return "not in the inventory";
  if ("none" in coverage) return coverage.none === "" ? "no reason given" : "";
  const [file = "", title = ""] = coverage.test.split(" > ");
  const path = join(TESTS, file);
  if (!existsSync(path)) return `no file ${file}`;
  const isTitle = file.endsWith(".py") ? `def ${title}(` : `"${title}`;
  return readFileSync(path, "utf8").includes(isTitle) ? "" : `no test "${title}" in ${file}`;
}

test.each(Object.keys(OPERATIONS))("operation %s is tested over real daemons, or it says why not", (name) => {
  expect(fault(OPERATION_COVERAGE[name as keyof typeof OPERATION_COVERAGE])).toBe("");
});

test.each(Object.values(ACTIONS))("action %s is tested over real daemons, or it says why not", (name) => {
  expect(fault(ACTION_COVERAGE[name])).toBe("");
});

test("nothing is in the inventory that the API does not have", () => {
  expect(Object.keys(OPERATION_COVERAGE).sort()).toEqual(Object.keys(OPERATIONS).sort());
  expect(Object.keys(ACTION_COVERAGE).sort()).toEqual(Object.values<string>(ACTIONS).sort());
});

test("the inventory is not believed blindly", () => {
  expect(fault({ test: "nowhere.test.ts > x" })).toContain("no file");
  expect(fault({ test: "conformance/inventory.test.ts > no such title" })).toContain("no test");
  expect(fault({ none: "" })).toContain("no reason");
});
