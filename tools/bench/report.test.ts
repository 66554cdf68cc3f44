import { expect, test } from "bun:test";
import type { Measured, Round } from "./measure.ts";
import { caseFigures, caseTable } from "./report.ts";
import { BASE, VARIANTS } from "./variants.ts";

/** A variant that takes `ratio` times what plain takes, on a machine that is `slowness` times slower in each round. */
function roundsOf(ratio: number, slowness: readonly number[]): Round[] {
  return slowness.map((slow) => ({
    base: { cpuUsPerRequest: 10 * slow, requestsPerS: 1_000 / slow },
    own: { cpuUsPerRequest: 10 * slow * ratio, requestsPerS: 1_000 / slow / ratio },
  }));
}

test("figures of variants do not depend on how fast the machine was when each was measured", () => {
  const variants = VARIANTS.filter((name) => name !== BASE);
  const measured: Measured = {
    rounds: new Map(
      variants.map((name, at) => [name, roundsOf(name === "p100" ? 1.25 : 1, [1 + at, 1, 1 + at])]),
    ),
    requests: new Map(),
    otherWorkShare: 0,
  };
  const { cpu_us_per_request: cpu, requests_per_s: rate } = caseFigures(measured);
  expect(Object.keys(cpu ?? {})).toEqual([...VARIANTS]);
  expect(Number(cpu?.p100) / Number(cpu?.plain)).toBeCloseTo(1.25);
  expect(cpu?.disabled).toBe(Number(cpu?.plain));
  expect(Number(rate?.plain) / Number(rate?.p100)).toBeCloseTo(1.25, 1);
  expect(caseTable("get_4k", measured)).toContain("+25.0 %");
});
