/**
 * A black box: the published Python SDK, as users install it, against a fresh cluster. Nothing here knows our code but the
 * start of the daemons. `AIS_CONFORMANCE_PROFILE=full` also runs what takes long.
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { type PythonResult, preparePython, runPythonSuite } from "./python-suite.fixture.ts";

/** Fewer would mean that the suite was not found. */
const TESTS_MIN_COUNT = 30;

const prepared = preparePython();

if ("missing" in prepared) {
  test.skip(`the Python SDK: ${prepared.missing}`, () => {});
} else {
  const results = await runOnce(prepared.python);
  test("the suite was run", () => {
    expect(results.length).toBeGreaterThanOrEqual(TESTS_MIN_COUNT);
  });
  for (const { id, outcome, seconds, detail } of results) {
    if (outcome === "skipped") test.skip(`${id}: ${detail}`, () => {});
    else {
      test(`${id} (${seconds} s)`, () => {
        if (outcome === "failed") throw new Error(detail);
      });
    }
  }
}

async function runOnce(python: string): Promise<readonly PythonResult[]> {
  const profile = process.env["AIS_CONFORMANCE_PROFILE"] === "full" ? "full" : "smoke";
  const promoteRoot = mkdtempSync(join(tmpdir(), "conformance-promote-"));
  try {
    await using cluster = await TestCluster.start({
      targets: 3,
      mountpathsPerTarget: 2,
      env: { AIS_PROMOTE_ROOT: promoteRoot },
    });
    // Awaited here, because the cluster ends with this block.
    return await runPythonSuite(python, { endpoint: cluster.url, promoteRoot, profile });
  } finally {
    rmSync(promoteRoot, { recursive: true, force: true });
  }
}
