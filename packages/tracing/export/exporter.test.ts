import { expect, test } from "bun:test";
import { Exporter } from "./exporter.ts";
import type { BatchMessage, SettledReport } from "./protocol.ts";
import { type ExportOutcome, retryLater, takenOutcome } from "./transport.ts";

const BATCH: BatchMessage = {
  type: "batch",
  id: 1,
  spans: 1,
  resource: new Uint8Array(0),
  bytes: new Uint8Array(4),
};
const WINDOW_MS = 200;

test.each([1e12, Number.MAX_VALUE, 5_000])(
  "a collector that asks for %p ms does not end exporting",
  async (askedMs) => {
    const answers: ExportOutcome[] = [retryLater("busy", askedMs), takenOutcome(new Uint8Array(0))];
    const calls: number[] = [];
    const startedMs = performance.now();
    const settled = Promise.withResolvers<SettledReport>();
    const exporter = new Exporter({
      transport: {
        async export() {
          calls.push(performance.now() - startedMs);
          return answers.shift() ?? retryLater("more");
        },
        close() {},
      },
      scope: new Uint8Array(0),
      exportTimeoutMs: WINDOW_MS,
      report: (report) => report.type === "settled" && settled.resolve(report),
    });
    exporter.add(BATCH);
    expect(await settled.promise).toMatchObject({ id: 1, dropped: 0 });
    expect(calls).toHaveLength(2);
    // It is held to as far as a batch may wait, and no further.
    expect(calls[1]).toBeGreaterThanOrEqual(WINDOW_MS - 5);
    expect(calls[1]).toBeLessThan(5_000);
  },
  4_000,
);

test("a collector that asks for no time at all is asked less and less often", async () => {
  const calls: number[] = [];
  const startedMs = performance.now();
  const fourth = Promise.withResolvers<void>();
  const exporter = new Exporter({
    transport: {
      async export() {
        calls.push(performance.now() - startedMs);
        if (calls.length === 4) fourth.resolve();
        return retryLater("busy", 0);
      },
      close() {},
    },
    scope: new Uint8Array(0),
    exportTimeoutMs: 60_000,
    report: () => undefined,
    random: () => 0.1,
  });
  exporter.add(BATCH);
  await fourth.promise;
  exporter.giveBack();
  const waits = calls.slice(1).map((call, index) => call - (calls[index] ?? 0));
  for (const [index, least] of [50, 100, 200].entries())
    expect(waits[index]).toBeGreaterThanOrEqual(least - 2);
});
