import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Collector } from "../fixtures/collector.ts";
import { section, TracingFixture } from "../fixtures/tracing-fixture.ts";
import { exportWorkerUrl } from "./worker-url.ts";

const endpointOf = (collector: Collector) => `http://127.0.0.1:${collector.port}`;

describe("a change of the section", () => {
  test("sends what was recorded before to the old collector under the old resource", async () => {
    await using old = await Collector.start();
    await using next = await Collector.start();
    const env = {
      OTEL_RESOURCE_ATTRIBUTES: "team=storage,host.name=other%20host,version=no",
      MY_POD: "pod-1",
    };
    await using fixture = new TracingFixture(env, { settings: { delayMs: 3_600_000 } });
    const { tracing } = fixture;
    await tracing.configure(section({ exporter_endpoint: endpointOf(old), service_name_prefix: "one-" }));
    fixture.record("first");
    await tracing.configure(
      section({ exporter_endpoint: endpointOf(next), service_name_prefix: "two", attributes: { zone: "z" } }),
    );
    expect(old.spans.map(({ name }) => name)).toEqual(["first"]);
    fixture.record("second");
    await tracing.stop(2_000);
    expect(next.spans.map(({ name }) => name)).toEqual(["second"]);
    const common = {
      "service.version": "5.0.0-ts",
      "service.instance.id": "t1",
      "host.name": "other host",
      "process.pid": process.pid,
      "telemetry.sdk.language": "nodejs",
      "telemetry.sdk.name": "aistore",
      "telemetry.sdk.version": "5.0.0-ts",
      "k8s.pod.name": "pod-1",
      team: "storage",
      version: "5.0.0-ts",
      daemonID: "t1",
      pod: "pod-1",
    };
    const resourceOf = (collector: Collector) => ({
      ...collector.received[0]?.spans[0]?.resource.attributes,
    });
    expect(resourceOf(old)).toEqual({ ...common, "service.name": "one-target" });
    expect(resourceOf(next)).toEqual({ ...common, "service.name": "two-target", zone: "z" });
    expect(fixture.unaccounted()).toBe(0);
  });

  test("of the resource alone keeps the connection and parts the spans", async () => {
    await using collector = await Collector.start();
    await using fixture = new TracingFixture({}, { settings: { delayMs: 3_600_000 } });
    const settings = { exporter_endpoint: endpointOf(collector) };
    await fixture.tracing.configure(section({ ...settings, attributes: { phase: "1" } }));
    fixture.record("a");
    await fixture.tracing.configure(section({ ...settings, attributes: { phase: "2" } }));
    fixture.record("b");
    await fixture.tracing.stop(2_000);
    const seen = collector.received.flatMap(({ spans }) =>
      spans.map(({ resource, scopeSpans }) => [
        resource.attributes.phase,
        ...scopeSpans.flatMap((scoped) => scoped.spans.map(({ name }) => name)),
      ]),
    );
    expect(seen).toEqual([
      ["1", "a"],
      ["2", "b"],
    ]);
    expect(fixture.log.messages()).toEqual(["tracing exports"]);
  });

  test("of the probability takes effect with the next trace", async () => {
    await using collector = await Collector.start();
    await using fixture = new TracingFixture();
    const settings = { exporter_endpoint: endpointOf(collector) };
    await fixture.tracing.configure(section({ ...settings, sampler_probability: "0" }));
    expect(fixture.tracing.startRoot("no").recording).toBe(false);
    await fixture.tracing.configure(section({ ...settings, sampler_probability: "1.0" }));
    expect(fixture.tracing.startRoot("yes").recording).toBe(true);
  });

  test("to off exports what was recorded; what ends later is dropped and counted", async () => {
    await using collector = await Collector.start();
    await using fixture = new TracingFixture({}, { settings: { delayMs: 3_600_000 } });
    await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(collector) }));
    const open = fixture.tracing.startRoot("open");
    fixture.record("done");
    await fixture.tracing.configure(section({ enabled: false }));
    expect(collector.spans.map(({ name }) => name)).toEqual(["done"]);
    open.end();
    expect(fixture.tracing.stats()).toMatchObject({ enabled: false, spansDropped: { disabled: 1 } });
    expect(fixture.unaccounted()).toBe(0);
    await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(collector) }));
    fixture.record("again");
    await fixture.tracing.stop(2_000);
    expect(collector.spans.map(({ name }) => name)).toEqual(["done", "again"]);
  });

  test("sends what an old collector could not be given to the new one, as it was recorded", async () => {
    await using next = await Collector.start();
    await using fixture = new TracingFixture({}, { reconfigureDrainMs: 50 });
    const wrong = section({ exporter_endpoint: "http://127.0.0.1:1", attributes: { phase: "1" } });
    await fixture.tracing.configure(wrong);
    // In several batches: some are under way at the time, others wait for their turn.
    for (let batch = 0; batch < 8; batch++) {
      fixture.record(`early ${batch}`);
      await fixture.tracing.configure({ ...wrong, sampler_probability: `0.${batch + 1}` });
      await fixture.tracing.configure(wrong);
    }
    const corrected = section({ exporter_endpoint: endpointOf(next), attributes: { phase: "2" } });
    const changed = fixture.tracing.configure(corrected);
    fixture.record("late");
    expect(fixture.unaccounted()).toBe(0);
    await changed;
    expect(fixture.unaccounted()).toBe(0);
    await fixture.settled();
    expect(fixture.tracing.stats()).toMatchObject({ spansExported: 9, spansQueued: 0, queueBytes: 0 });
    expect(fixture.tracing.stats().spansDropped).toEqual({});
    const phases = next.received.flatMap(({ spans }) =>
      spans.map(({ resource }) => resource.attributes.phase),
    );
    expect(phases.toSorted()).toEqual([..."111111112"]);
    const names = next.spans.map(({ name }) => name).toSorted();
    expect(names).toEqual([..."01234567"].map((batch) => `early ${batch}`).concat("late"));
    const told = await fixture.log.line("spans that the former collector did not take go to the new one");
    expect(told.fields.spans).toBe(8);
  });

  test("takes back what hangs at a collector, and does not wait for ever", async () => {
    await using old = await Collector.start();
    await using next = await Collector.start();
    old.behaviour = { kind: "hang" };
    await using fixture = new TracingFixture({}, { reconfigureDrainMs: 50 });
    await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(old) }));
    fixture.record("a", "b");
    await old.until(() => old.calls === 1);
    await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(next) }));
    await next.until(() => next.spans.length === 2);
    await fixture.settled();
    expect(fixture.tracing.stats()).toMatchObject({ spansExported: 2, spansDropped: {} });
    expect(fixture.unaccounted()).toBe(0);
  });

  test("to off gives to nobody what could not be delivered, also when a new collector follows", async () => {
    await using next = await Collector.start();
    await using fixture = new TracingFixture({}, { reconfigureDrainMs: 200 });
    await fixture.tracing.configure(section({ exporter_endpoint: "http://127.0.0.1:1" }));
    fixture.record("lost");
    const off = fixture.tracing.configure(section({ enabled: false }));
    await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(next) }));
    fixture.record("kept");
    await off;
    await fixture.settled();
    expect(next.spans.map(({ name }) => name)).toEqual(["kept"]);
    expect(fixture.tracing.stats()).toMatchObject({ spansExported: 1, spansDropped: { reconfigured: 1 } });
    expect(fixture.unaccounted()).toBe(0);
  });

  test("that a stop follows is over by the deadline of the stop", async () => {
    await using next = await Collector.start();
    next.behaviour = { kind: "hang" };
    await using fixture = new TracingFixture({}, { reconfigureDrainMs: 60_000 });
    await fixture.tracing.configure(section({ exporter_endpoint: "http://127.0.0.1:1" }));
    fixture.record("lost");
    const changed = fixture.tracing.configure(section({ exporter_endpoint: endpointOf(next) }));
    await fixture.tracing.stop(50);
    await changed;
    expect(fixture.tracing.stats()).toMatchObject({ spansQueued: 0, queueBytes: 0 });
    expect(fixture.unaccounted()).toBe(0);
  });

  test("that makes no sense leaves the former one in force", async () => {
    await using collector = await Collector.start();
    await using fixture = new TracingFixture();
    await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(collector) }));
    for (const changes of [{ exporter_endpoint: "nonsense" }, { sampler_probability: "much" }]) {
      await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(collector), ...changes }));
    }
    fixture.record("a");
    await collector.until(() => collector.spans.length === 1);
    expect(fixture.log.messages().filter((message) => message.startsWith("failed to apply"))).toHaveLength(2);
  });
});

describe("stop", () => {
  test("flushes, then ends everything, and twice is as good as once", async () => {
    await using collector = await Collector.start();
    const fixture = new TracingFixture({}, { settings: { delayMs: 3_600_000 } });
    await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(collector) }));
    const open = fixture.tracing.startRoot("open");
    fixture.record("done");
    await Promise.all([fixture.tracing.stop(2_000), fixture.tracing.stop(2_000)]);
    open.end();
    expect(collector.spans.map(({ name }) => name)).toEqual(["done"]);
    expect(fixture.tracing.stats()).toMatchObject({ spansExported: 1, spansDropped: { shutdown: 1 } });
    await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(collector) }));
    expect(fixture.tracing.startRoot("late").recording).toBe(false);
  });

  test("keeps its deadline when the collector hangs", async () => {
    await using collector = await Collector.start();
    collector.behaviour = { kind: "hang" };
    const fixture = new TracingFixture();
    await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(collector) }));
    fixture.record("a");
    await collector.until(() => collector.calls === 1);
    const startedMs = performance.now();
    await fixture.tracing.stop(100);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(fixture.tracing.stats()).toMatchObject({ spansQueued: 0, spansDropped: { shutdown: 1 } });
    expect(fixture.unaccounted()).toBe(0);
  });
});

describe("a worker that dies", () => {
  test.each([
    ["of an error", 'throw new Error("worker bug");', "worker bug"],
    ["without an end", "for (;;);", "it does not answer"],
  ])("%s is replaced; what it held is counted, what comes after arrives", async (_, death, cause) => {
    const dir = await mkdtemp(join(tmpdir(), "ais-worker-"));
    await using collector = await Collector.start();
    // The first of these workers dies of its first batch, later ones are the real thing.
    const marker = join(dir, "died");
    const program = join(dir, "worker.ts");
    await writeFile(
      program,
      `import { existsSync, writeFileSync } from "node:fs";
       import { parentPort } from "node:worker_threads";
       if (existsSync(${JSON.stringify(marker)})) await import(${JSON.stringify(exportWorkerUrl().href)});
       else {
         parentPort?.on("message", ({ type }) => {
           if (type !== "batch") return;
           writeFileSync(${JSON.stringify(marker)}, "");
           ${death}
         });
         parentPort?.postMessage({ type: "ready" });
       }`,
    );
    await using fixture = new TracingFixture({}, { workerUrl: pathToFileURL(program), watchIntervalMs: 300 });
    await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(collector) }));
    fixture.record("lost", "lost too");
    await fixture.settled();
    expect(fixture.tracing.stats()).toMatchObject({ spansDropped: { worker_crash: 2 } });
    expect(fixture.tracing.stats().lastError).toBe(`trace export worker ended: ${cause}`);
    fixture.record("kept");
    await collector.until(() => collector.spans.length === 1);
    await fixture.settled();
    expect(fixture.tracing.stats()).toMatchObject({ spansExported: 1, spansDropped: { worker_crash: 2 } });
    expect(fixture.unaccounted()).toBe(0);
    await rm(dir, { recursive: true });
  });
});

test("a worker that cannot begin takes nothing with it", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ais-worker-"));
  await using collector = await Collector.start();
  const program = join(dir, "worker.ts");
  const tries = join(dir, "tries");
  await writeFile(
    program,
    `import { appendFileSync, readFileSync } from "node:fs";
     appendFileSync(${JSON.stringify(tries)}, "x");
     if (readFileSync(${JSON.stringify(tries)}).length < 3) throw new Error("no begin");
     await import(${JSON.stringify(exportWorkerUrl().href)});`,
  );
  await using fixture = new TracingFixture({}, { workerUrl: pathToFileURL(program) });
  await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(collector) }));
  fixture.record("a", "b");
  await fixture.settled();
  expect(fixture.tracing.stats()).toMatchObject({ spansExported: 2, spansDropped: {}, exportFailures: 2 });
  expect(fixture.tracing.stats().lastError).toBe("trace export worker ended: no begin");
  expect(fixture.unaccounted()).toBe(0);
  await rm(dir, { recursive: true });
});

test("the books balance at every moment, whatever the collector does", async () => {
  await using collector = await Collector.start();
  await using fixture = new TracingFixture(
    { OTEL_EXPORTER_OTLP_TIMEOUT: "30", OTEL_BSP_EXPORT_TIMEOUT: "60" },
    { settings: { delayMs: 1, batchSpans: 20, queueBytes: 8_000 } },
  );
  await fixture.tracing.configure(section({ exporter_endpoint: endpointOf(collector) }));
  fixture.record("first");
  await fixture.settled();
  const moods: readonly Collector["behaviour"][] = [
    { kind: "ok" },
    { kind: "partial", rejected: 3, message: "three" },
    { kind: "hang" },
    { kind: "fail", code: 3, text: "bad" },
    { kind: "fail", code: 14, text: "away" },
  ];
  for (let round = 0; round < 100; round++) {
    collector.behaviour = moods[round % moods.length] ?? { kind: "ok" };
    for (let i = 0; i < 30; i++) {
      fixture.record("span");
      expect(fixture.unaccounted()).toBe(0);
    }
    await Bun.sleep(2);
    expect(fixture.unaccounted()).toBe(0);
    expect(fixture.tracing.stats().queueBytes).toBeLessThan(8_200);
  }
  await fixture.tracing.stop(500);
  const { spansEnded, spansQueued, spansExported, spansDropped } = fixture.tracing.stats();
  expect([spansEnded, spansQueued]).toEqual([3_001, 0]);
  expect(spansExported).toBeGreaterThan(0);
  expect(spansDropped.queue_full).toBeGreaterThan(0);
  expect(fixture.unaccounted()).toBe(0);
});
