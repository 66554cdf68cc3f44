import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { CapacityReader } from "./capacity.ts";

test("tells mountpaths of one file system by the same id, and asks the system once in a while", () => {
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, nowNs: () => 0n, monotonicMs: () => nowMs };
  const reader = new CapacityReader([import.meta.dir, `${import.meta.dir}/index`, "/proc"], clock, 3_000);
  const first = reader.read();
  expect(first[0]).toMatchObject({ path: import.meta.dir, fsId: `${statSync(import.meta.dir).dev},0` });
  expect(first[0]?.usedBytes).toBeGreaterThan(0);
  expect(first[0]?.availableBytes).toBeGreaterThan(0);
  expect(first[1]?.fsId).toBe(first[0]?.fsId ?? "");
  expect(first[2]?.fsId).not.toBe(first[0]?.fsId ?? "");
  if (process.platform === "linux") expect(first[2]).toMatchObject({ fsType: "proc" });
  nowMs = 2_999;
  expect(reader.read()).toBe(first);
  nowMs = 3_000;
  expect(reader.read()).not.toBe(first);
});
