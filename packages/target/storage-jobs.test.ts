/** Checks and scrubs of a target, through its API. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { systemClock } from "@ais/base/clock.ts";
import type { SpanContext, Tracing } from "@ais/tracing/types.ts";
import type { StorageJobStatus } from "@ais/wire/storage-report.ts";
import { StorageJobs } from "./storage-jobs.ts";
import { startTargetFixture, type TargetFixture } from "./testing/target-fixture.ts";

let fixture: TargetFixture;

beforeEach(async () => {
  fixture = await startTargetFixture();
  for (const [name, sizeBytes] of [
    ["small", 100],
    ["large", 50_000],
  ] as const) {
    const reply = await fetch(fixture.url(name), { method: "PUT", body: Buffer.alloc(sizeBytes, name) });
    expect(reply.status).toBe(200);
  }
});

afterEach(() => fixture[Symbol.asyncDispose]());

async function call(method: string, job: string, body?: object) {
  const reply = await fetch(`http://127.0.0.1:${fixture.port}/v1/daemon/storage/${job}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: reply.status, json: (await reply.json()) as StorageJobStatus & { message?: string } };
}

async function finished(job: string): Promise<StorageJobStatus> {
  for (;;) {
    const { json } = await call("GET", job);
    if (json.state !== "running") return json;
    await Bun.sleep(10);
  }
}

test("a scrub reads everything, and its root has one child for each mountpath", async () => {
  expect((await call("GET", "scrub")).json).toMatchObject({ kind: "scrub", state: "never", mountpaths: [] });
  const started = await call("POST", "scrub", { bytes_per_second: 50_000_000 });
  expect(started).toMatchObject({
    status: 200,
    json: { state: "running", verify: true, bytes_per_second: 50_000_000 },
  });
  const status = await finished("scrub");
  expect(status).toMatchObject({ state: "finished", id: started.json.id, error: "" });
  const sum = (read: (report: StorageJobStatus["mountpaths"][number]) => number): number =>
    status.mountpaths.reduce((total, report) => total + read(report), 0);
  expect([sum((report) => report.objects), sum((report) => report.verified_bytes)]).toEqual([2, 50_100]);
  const root = fixture.services.tracing.roots.find(({ name }) => name === "ais.job scrub");
  expect(root).toMatchObject({ endings: 1, attributes: { "ais.job.objects": 2, "ais.job.damages": 0 } });
  expect(root?.children.map(({ name }) => name)).toEqual(["ais.storage.check", "ais.storage.check"]);
  const metrics = await (await fetch(`http://127.0.0.1:${fixture.port}/metrics`)).text();
  expect(metrics).toMatch(/ais_target_scrub_count\{[^}]*\} 2\n/);
  expect(metrics).toMatch(/ais_target_err_scrub_count\{[^}]*\} 0\n/);
});

test("one of each kind at a time, and a running one can be stopped", async () => {
  await call("POST", "scrub", { bytes_per_second: 1_000 });
  const second = await call("POST", "scrub");
  expect(second).toMatchObject({
    status: 409,
    json: { message: expect.stringContaining("is running already") },
  });
  await call("POST", "check");
  expect(await finished("check")).toMatchObject({ state: "finished", verify: false });
  const stopped = await call("DELETE", "scrub");
  expect(stopped).toMatchObject({ status: 200, json: { state: "stopped" } });
  expect((await call("POST", "scrub", {})).status).toBe(200);
  await finished("scrub");
});

test("refuses what is no job, and what is no request", async () => {
  expect(await call("POST", "polish")).toMatchObject({
    status: 400,
    json: { message: expect.stringContaining("check, scrub") },
  });
  expect((await call("POST", "check", { bytes_per_second: -1 })).status).toBe(400);
  const url = `http://127.0.0.1:${fixture.port}/v1/daemon/storage/check`;
  expect((await fetch(url, { method: "PUT" })).status).toBe(405);
});

test("the root links to the request that started it", async () => {
  const links: (readonly SpanContext[] | undefined)[] = [];
  const { services, target } = fixture;
  const tracing: Tracing = Object.assign(Object.create(services.tracing), {
    startRoot(name: string, linked?: readonly SpanContext[]) {
      links.push(linked);
      return services.tracing.startRoot(name);
    },
  });
  await using jobs = new StorageJobs({ ...services, tracing, store: target.store, clock: systemClock });
  const startedBy: SpanContext = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 };
  jobs.start("check", { verify: false, bytes_per_second: 0 }, startedBy);
  expect(links).toEqual([[startedBy]]);
});
