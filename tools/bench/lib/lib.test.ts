import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { BenchProcess } from "./bench-process.ts";
import { cpuTimeUs } from "./cpu-time.ts";
import type { LoadPlan, LoadResult } from "./load-protocol.ts";
import { parseReplyHead } from "./reply-head.ts";
import { median, medianRatio, quantile } from "./statistics.ts";

test("medians and quantiles", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(medianRatio([2, 40, 9], [1, 10, 3])).toBe(3);
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile(hundred, 0.999)]).toEqual([50, 99, 100]);
  expect(quantile([], 0.5)).toBeNaN();
});

test("what a generator must know of a head", () => {
  expect(
    parseReplyHead("HTTP/1.1 301 Moved\r\nLocation: http://h:1/p?q\r\nConnection: close\r\n\r\n"),
  ).toEqual({
    location: "http://h:1/p?q",
    contentLengthBytes: 0,
    closes: true,
  });
  expect(parseReplyHead("HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n")).toEqual({
    location: null,
    contentLengthBytes: 17,
    closes: false,
  });
});

test("CPU time counts work and not waiting", async () => {
  const beforeUs = cpuTimeUs(process.pid);
  const ownBefore = process.cpuUsage();
  for (const endUs = ownBefore.user + 100_000; process.cpuUsage().user < endUs; ) Math.sqrt(endUs);
  const own = process.cpuUsage(ownBefore);
  const spentUs = cpuTimeUs(process.pid) - beforeUs;
  expect(spentUs).toBeGreaterThan(0);
  expect(Math.abs(spentUs - own.user - own.system)).toBeLessThan(50_000);
});

describe("the load generator", () => {
  const start = (): Promise<BenchProcess> =>
    BenchProcess.start({ command: [process.execPath, join(import.meta.dir, "load-main.ts")], core: 0 });
  const plan = (port: number, change: Partial<LoadPlan>): LoadPlan => ({
    port,
    groups: [],
    connections: 2,
    seconds: 30,
    requestsMax: 20,
    ...change,
  });

  test("alternates between groups, sends bodies of every size, and counts what was answered", async () => {
    const seen = new Map<string, number>();
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        const bytes = (await request.arrayBuffer()).byteLength;
        const key = `${request.method} ${bytes}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
        return new Response(request.method === "GET" ? "x".repeat(100_000) : null);
      },
    });
    await using load = await start();
    const group = { targets: ["/a", "/b"], requestBodyBytes: 0, replyBodyBytes: 0, replyStatus: 200 };
    const groups: LoadPlan["groups"] = [
      { ...group, method: "GET", replyBodyBytes: 100_000 },
      { ...group, method: "PUT", requestBodyBytes: 3_000_000 },
      { ...group, method: "PUT", requestBodyBytes: 10 },
      { ...group, method: "HEAD", replyBodyBytes: null },
    ];
    const result = (await load.ask(plan(server.port ?? 0, { groups }))) as LoadResult;
    expect(result).toMatchObject({ kind: "done", requests: 20 });
    expect(Object.fromEntries(seen)).toEqual({ "GET 0": 5, "PUT 3000000": 5, "PUT 10": 5, "HEAD 0": 5 });
  });

  test("follows a redirect with the body, and an unexpected status fails the load", async () => {
    let received = 0;
    using target = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        received += (await request.arrayBuffer()).byteLength;
        return new Response(null);
      },
    });
    using proxy = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () =>
        new Response(null, { status: 307, headers: { location: `http://127.0.0.1:${target.port}/x?y` } }),
    });
    await using load = await start();
    const groups: LoadPlan["groups"] = [
      { method: "PUT", targets: ["/x"], requestBodyBytes: 1_000, replyBodyBytes: 0, replyStatus: 200 },
    ];
    const port = proxy.port ?? 0;
    const followed = (await load.ask(plan(port, { groups, followsRedirects: true }))) as LoadResult;
    expect(followed).toMatchObject({ kind: "done", requests: 20 });
    expect(received).toBe(20_000);
    const refused = (await load.ask(plan(port, { groups }))) as LoadResult;
    expect(refused.kind).toBe("failed");
  });
});
