import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEngineOptions } from "./options.ts";
import { resultsDocument, writeResults } from "./results-file.ts";
import type { RowResult } from "./row-result.ts";

test("the file holds rows, machine and date, and says when the run was a short one", async () => {
  const directory = mkdtempSync(join(tmpdir(), "bench-test-"));
  try {
    const path = join(directory, "made", "engine.json");
    const row: RowResult = {
      name: "put_1g",
      title: "PUT",
      value: 1.25,
      unit: "CPU-s/GiB",
      ratio: 1.1,
      rounds: 3,
    };
    const { options } = parseEngineOptions(["--quick"]);
    const now = new Date("2026-01-02T03:04:05Z");
    await writeResults(resultsDocument([row], options, "a machine", now), path);
    expect(await Bun.file(path).json()).toEqual({
      rows: [row],
      machine: "a machine",
      date: "2026-01-02T03:04:05.000Z",
      quick: true,
      seconds: options.seconds,
      listed_objects: options.objects,
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
