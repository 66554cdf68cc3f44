import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@ais/base/log.ts";
import { openCoordinator } from "../coordinator/open.ts";
import { RecordingTracing } from "../fixtures/recording-tracing.ts";
import { CoordinatedJobs } from "./coordinated-jobs.ts";
import { type JobRecord, type JobShare, NO_STATS, NOTHING_AHEAD } from "./job-record.ts";

let directory: string;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "jobs-"));
  stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true }));
});

afterEach(() => stack.disposeAsync());

async function open(): Promise<CoordinatedJobs> {
  const coordinator = stack.use(await openCoordinator(`sqlite:${join(directory, "cluster.db")}`));
  return stack.use(new CoordinatedJobs(coordinator, silentLogger));
}

function record(id: string, startedNs = "1"): JobRecord {
  return {
    id,
    kind: "lru",
    from: null,
    to: null,
    description: "",
    args: { names: ["ä", "b"] },
    startedNs,
    startedBy: "p1",
    trace: null,
    targets: ["t1"],
    stop: null,
    end: null,
  };
}

const share: JobShare = {
  nodeId: "t1",
  state: "running",
  startedNs: "2",
  endedNs: "0",
  runs: 1,
  stats: NO_STATS,
  ahead: NOTHING_AHEAD,
  cursor: "c",
  waitingFor: "",
  error: "",
  result: null,
};

function changed(jobs: CoordinatedJobs, isDone: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (isDone()) resolve();
    };
    jobs.onChange(look);
    look();
  });
}

test("what one node writes the others see, in order of the start", async () => {
  const writer = await open();
  const reader = await open();
  await writer.create(record("second", "20"));
  await writer.create(record("first", "3"));
  await writer.putShare("first", share);
  await changed(reader, () => reader.list().length === 2 && reader.get("first")?.shares.size === 1);
  expect(reader.list().map((entry) => entry.record.id)).toEqual(["first", "second"]);
  expect(reader.get("first")).toEqual({ record: record("first", "3"), shares: new Map([["t1", share]]) });
  await writer.remove("first");
  await changed(reader, () => reader.get("first") === null);
  expect(reader.list().map((entry) => entry.record.id)).toEqual(["second"]);
});

test("a job is there after a restart, and at once for who asks by id", async () => {
  await (await open()).create(record("kept"));
  const later = await open();
  expect((await later.refresh("kept"))?.record.args).toEqual({ names: ["ä", "b"] });
  expect(await later.refresh("none")).toBeNull();
  expect(await later.refresh("../kept")).toBeNull();
});

test("all jobs of a prefix are there at once for who asks, without waiting for the watch", async () => {
  const writer = await open();
  const reader = await open();
  for (const id of ["g1", "g2", "h1"]) await writer.create(record(id));
  await writer.putShare("g2", share);
  const found = await reader.reload("g");
  expect(found.map((entry) => entry.record.id).toSorted()).toEqual(["g1", "g2"]);
  expect(found.find((entry) => entry.record.id === "g2")?.shares.size).toBe(1);
  expect((await reader.reload("")).length).toBe(3);
  await writer.remove("g1");
  expect((await reader.reload("g1")).length).toBe(0);
});

test("an id is used once, and of changes made at the same time none is lost", async () => {
  const one = await open();
  const two = await open();
  await one.create(record("job"));
  await expect(two.create(record("job"))).rejects.toThrow("exists already");
  const add = (jobs: CoordinatedJobs, id: string) =>
    jobs.update("job", (current) => ({ ...current, targets: [...current.targets, id] }));
  const ids = Array.from({ length: 8 }, (_, index) => `n${index}`);
  await Promise.all(ids.map((id, index) => add(index % 2 === 0 ? one : two, id)));
  expect((await one.refresh("job"))?.record.targets.toSorted()).toEqual([
    "n0",
    "n1",
    "n2",
    "n3",
    "n4",
    "n5",
    "n6",
    "n7",
    "t1",
  ]);
  expect(await one.update("none", (current) => current)).toBeNull();
});

test("what is done for a request has a span of its own below the request's", async () => {
  const jobs = await open();
  const tracing = new RecordingTracing();
  const span = tracing.startServer("request");
  await jobs.create(record("job"), span);
  await jobs.update("job", () => null, span);
  await jobs.refresh("job", span);
  await jobs.reload("", span);
  await jobs.update("job", () => null);
  const seen = tracing.spans.slice(1).map(({ name, parent, attributes, ended, failed }) => {
    expect([parent, ended, failed]).toEqual(["request", true, null]);
    return [name, attributes["ais.document"], attributes["ais.coordinator.attempts"]];
  });
  expect(seen).toEqual([
    ["ais.coordinator.update", "jobs", undefined],
    ["ais.coordinator.update", "jobs", 1],
    ["ais.coordinator.get", "jobs", undefined],
    ["ais.coordinator.get", "jobs", undefined],
  ]);
});
