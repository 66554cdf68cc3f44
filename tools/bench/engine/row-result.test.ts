import { describe, expect, test } from "bun:test";
import { SET_FIGURES } from "./figures.ts";
import type { Sample } from "./row.ts";
import { rowResult } from "./row-result.ts";
import { suite } from "./suite.ts";

function sample(change: Partial<Sample>): Sample {
  return { requests: 1_000, seconds: 1, cpuUs: 10_000, bytes: 0, latency: null, ...change };
}

const base = { name: "row", title: "a row", unit: "requests/s", ceiling: null, peakRssMib: null } as const;

describe("rowResult", () => {
  test("the ratio is the median of the rounds' ratios, which a machine that slows down leaves alone", () => {
    const result = rowResult({
      ...base,
      samples: [sample({ requests: 600 }), sample({ requests: 300 }), sample({ requests: 50 })],
      ceiling: {
        name: "bare",
        samples: [sample({ requests: 1_000 }), sample({ requests: 500 }), sample({ requests: 100 })],
      },
    });
    expect(result).toMatchObject({ value: 300, ceiling: 500, ceiling_name: "bare", ratio: 0.6, rounds: 3 });
  });

  test("CPU time is set against the bytes and the requests that it was spent on", () => {
    const samples = [sample({ cpuUs: 2e6, bytes: 2 ** 32, requests: 1_000 })];
    const result = rowResult({ ...base, unit: "CPU-s/GiB", samples });
    expect(result).toMatchObject({ value: 0.5, cpu_s_per_gib: 0.5, cpu_us_per_request: 2_000 });
  });

  test("what does not apply is left out", () => {
    const result = rowResult({ ...base, unit: "s", samples: [sample({ seconds: 2.5, cpuUs: 0 })] });
    expect(result).toEqual({ name: "row", title: "a row", value: 2.5, unit: "s", rounds: 1 });
  });

  test("percentiles are medians of the rounds'", () => {
    const of = (p99Ms: number): Sample => sample({ latency: { p50Ms: 1, p99Ms, p999Ms: 9 } });
    const result = rowResult({ ...base, samples: [of(2), of(100), of(3)], peakRssMib: 81.23456 });
    expect(result).toMatchObject({ p50_ms: 1, p99_ms: 3, p999_ms: 9, peak_rss_mib: 81.23 });
  });

  test.each([
    ["get_4k_direct", 55, true],
    ["get_4k_direct", 54, false],
    ["put_4k_os", 499, false],
    ["put_4k_os", 500, true],
  ])("%s at %d of 100 is reached: %p", (name, requests, reached) => {
    const ceiling = { name: "bare", samples: [sample({ requests: 100 })] };
    const result = rowResult({ ...base, name, samples: [sample({ requests })], ceiling });
    expect(result.reached).toBe(reached);
    expect(result.want).toBe(`>= ${SET_FIGURES[name]?.limit}`);
  });

  test("where less is better the limit is an upper one, and a figure may be of the value itself", () => {
    const cpu = (cpuUs: number): Sample => sample({ cpuUs, bytes: 2 ** 30 });
    const ceiling = { name: "bare", samples: [cpu(100_000)] };
    const get = { ...base, name: "get_1m_direct", unit: "CPU-s/GiB", ceiling } as const;
    expect(rowResult({ ...get, samples: [cpu(125_000)] }).reached).toBe(true);
    expect(rowResult({ ...get, samples: [cpu(126_000)] }).reached).toBe(false);
    const list = { ...base, name: "list_1m", unit: "s" } as const;
    expect(rowResult({ ...list, samples: [sample({ seconds: 3.9 })] })).toMatchObject({
      want: "<= 4",
      reached: true,
    });
  });
});

test("every set figure is that of a row of the full suite, and names are used once", () => {
  const names = suite(1_000_000).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of Object.keys(SET_FIGURES)) expect(names).toContain(name);
});
