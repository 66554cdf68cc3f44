import { expect, test } from "bun:test";
import { measureRow } from "./measure-row.ts";
import type { Contender, RowPlan, Sample } from "./row.ts";

const PLAN: RowPlan = {
  name: "row",
  title: "a row",
  unit: "requests/s",
  prepare: () => Promise.reject(new Error("not used")),
};

/** Notes every measurement; the value grows with each. */
function contender(name: string, calls: string[], pids: readonly number[] = []): Contender {
  return {
    name,
    pids,
    async measure(): Promise<Sample> {
      calls.push(name);
      const requests = calls.filter((call) => call === name).length;
      // The first is work enough for a warm-up.
      return { requests: requests === 1 ? 1e6 : requests, seconds: 1, cpuUs: 1, bytes: 0, latency: null };
    },
  };
}

test("contenders take turns, who begins changes, and the first round only warms up", async () => {
  const calls: string[] = [];
  const contenders = {
    value: contender("a", calls),
    ceiling: contender("b", calls),
    references: [contender("c d", calls)],
  };
  const rows = await measureRow(PLAN, contenders, 2);
  expect(calls.join("")).toBe("abc dbc dac dab");
  expect(rows.map(({ name, value, ratio, rounds }) => ({ name, value, ratio, rounds }))).toEqual([
    { name: "row", value: 2.5, ratio: 1, rounds: 2 },
    { name: "c_d_for_row", value: 2.5, ratio: 1, rounds: 2 },
  ]);
});

test("the peak of memory is that of the processes together", async () => {
  const alone = await measureRow(PLAN, { value: contender("a", [], [process.pid]), ceiling: null }, 1);
  const twice = await measureRow(
    PLAN,
    { value: contender("a", [], [process.pid, process.pid]), ceiling: null },
    1,
  );
  const peakMib = alone[0]?.peak_rss_mib ?? 0;
  expect(peakMib).toBeGreaterThan(10);
  expect((twice[0]?.peak_rss_mib ?? 0) / peakMib).toBeCloseTo(2, 0);
});
