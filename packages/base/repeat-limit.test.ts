import { expect, test } from "bun:test";
import { systemClock } from "./clock.ts";
import type { Logger } from "./log.ts";
import { RepeatLimit } from "./repeat-limit.ts";

test("says the same once in a while and how often it was left out, and everything else at once", () => {
  const lines: string[] = [];
  const logger: Logger = {
    log: (_level, message, fields) =>
      lines.push(`${message}: ${fields?.["error"]} ${fields?.["repeated"] ?? ""}`),
  };
  let nowMs = 0;
  const limit = new RepeatLimit({ ...systemClock, monotonicMs: () => nowMs }, logger);
  for (let i = 0; i < 100; i++) limit.error("cluster duty failed", { error: "malformed" });
  limit.error("cluster duty failed", { error: "another" });
  expect(lines).toEqual(["cluster duty failed: malformed ", "cluster duty failed: another "]);
  nowMs = 9999;
  limit.error("cluster duty failed", { error: "malformed" });
  expect(lines).toHaveLength(2);
  nowMs = 10_000;
  limit.error("cluster duty failed", { error: "malformed" });
  expect(lines.at(-1)).toBe("cluster duty failed: malformed 100");
  nowMs = 20_000;
  limit.error("cluster duty failed", { error: "malformed" });
  expect(lines.at(-1)).toBe("cluster duty failed: malformed ");
});

test("keeps no more than a few failures in mind, and loses none", () => {
  let count = 0;
  const limit = new RepeatLimit(systemClock, { log: () => count++ });
  for (let i = 0; i < 1000; i++) limit.error("node record under a foreign key", { error: `record ${i}` });
  expect(count).toBe(1000);
});
