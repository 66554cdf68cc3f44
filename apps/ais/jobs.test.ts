import { afterEach, beforeEach, expect, test } from "bun:test";
import { FakeCluster } from "@ais/client/testing/fake-cluster.fixture.ts";
import { type CliSetup, cli } from "./testing/run-cli.fixture.ts";

let cluster: FakeCluster;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  const names = ["a/1", "a/2", "b"].map((name): [string, Uint8Array] => [name, new Uint8Array(10)]);
  cluster.buckets.set("src", new Map(names));
});

afterEach(() => cluster[Symbol.asyncDispose]());

function ais(words: readonly string[], setup: CliSetup = {}) {
  return cli(words, { ...setup, env: { AIS_ENDPOINT: cluster.endpoint, ...setup.env } });
}

function messageOf(method: string): { readonly url: string } {
  const found = cluster.requests.findLast(
    (request) => request.method === method && request.url.includes("/v1/buckets/"),
  );
  return { url: decodeURIComponent(found?.url ?? "") };
}

test("cp starts a job and says how to watch it, or waits for it", async () => {
  const started = await ais(["cp", "ais://src", "ais://dst", "--prefix", "a/"]);
  expect(started).toEqual({
    status: 0,
    out: "Copying ais://src => ais://dst. To monitor the progress, run 'ais show job job-1'\n",
    err: "",
  });
  expect(messageOf("POST").url).toBe("/v1/buckets/src?provider=ais&bck_to=ais/@#/dst/");
  const waited = await ais(["bucket", "cp", "ais://src", "ais://dst", "--wait", "--ext", "jpeg=jpg"]);
  expect(waited.out).toBe("Copied 3 objects (0B): ais://src => ais://dst\n");
  expect([...(cluster.buckets.get("dst")?.keys() ?? [])]).toEqual(["a/1", "a/2", "b"]);
  expect(JSON.parse((await ais(["cp", "ais://src", "ais://dst", "--json"])).out)).toEqual({ job: "job-3" });
});

test("wrong selections are usage errors and start nothing", async () => {
  for (const words of [
    ["cp", "ais://src", "ais://dst", "--prefix", "a", "--list", "b"],
    ["cp", "ais://src", "ais://dst", "--template", "x{3..1}"],
    ["cp", "ais://src", "ais://dst", "--ext", "jpeg"],
    ["cp", "ais://src", "ais://dst", "--sync", "--list", "a"],
    ["cp", "ais://src", "ais://dst", "--sync", "--prepend", "a"],
    ["cp", "ais://src/a", "ais://dst", "--prefix", "a"],
    ["cp", "ais://src/b", "ais://dst", "--sync"],
    ["cp", "ais://src/a/", "ais://dst", "--sync"],
    ["rmo", "ais://src", "--list", " , "],
    ["rmo", "ais://src", "--list", "a/1"],
    ["start", "copy-bck"],
    ["start", "lru", "--buckets", " , "],
    ["start", "lru", "--wait", "--timeout", "25d"],
  ]) {
    expect([words.join(" "), (await ais(words)).status]).toEqual([words.join(" "), 2]);
  }
  expect(cluster.jobs).toEqual([]);
});

test("an empty word is no job, and does not mean all of them", async () => {
  for (const words of [
    ["stop", "", ""],
    ["stop", "lru", " "],
    ["wait", ""],
    ["show", "job", ""],
  ])
    expect([words, (await ais(words)).status]).toEqual([words, 2]);
  expect(cluster.requests).toEqual([]);
});

test("times that no timer can wait for are refused", async () => {
  for (const words of [
    ["wait", "job-1", "--timeout", "25d"],
    ["show", "job", "--refresh", "2147484", "--count", "1"],
  ])
    expect([words, (await ais(words)).status]).toEqual([words, 2]);
  expect((await ais(["show", "job", "--refresh", "2147483", "--count", "1"])).status).toBe(0);
});

test("what did nothing is JSON too", async () => {
  const dry = await ais(["cp", "ais://src/b", "ais://dst/c", "--dry-run", "--json"]);
  expect(JSON.parse(dry.out)).toEqual({ would_copy: "ais://dst/c" });
  expect(JSON.parse((await ais(["wait", "lru", "--json"])).out)).toEqual({ jobs: [] });
});

test("a page size of 0 is the default", async () => {
  const listed = await ais(["ls", "ais://src", "--paged", "--page-size", "0"]);
  expect([listed.status, listed.out]).toEqual([0, (await ais(["ls", "ais://src"])).out]);
});

test("mv renames", async () => {
  expect((await ais(["mv", "ais://src", "ais://new", "--wait"])).out).toBe(
    "Renamed ais://src => ais://new: 3 objects (0B)\n",
  );
  expect([...cluster.buckets.keys()]).toEqual(["new"]);
});

test("rmo by list asks, and removes by one job", async () => {
  expect((await ais(["rmo", "ais://src", "--list", "a/1,b"], { answers: ["n"] })).status).toBe(130);
  expect((await ais(["rmo", "ais://src", "--list", "a/1, b", "-y"])).out).toBe(
    "deleted 2 objects from ais://src\n",
  );
  expect([...(cluster.buckets.get("src")?.keys() ?? [])]).toEqual(["a/2"]);
  expect(cluster.jobs.map(({ kind }) => kind)).toEqual(["delete-listrange"]);
});

test("show job lists what runs, all with --all, and one by id", async () => {
  await ais(["cp", "ais://src", "ais://dst"]);
  expect((await ais(["show", "job"])).out).toBe("No running jobs (see --all)\n");
  const all = await ais(["show", "job", "--all"]);
  expect(all.out).toBe(
    "JOB ID   KIND       BUCKET       OBJECTS   BYTES   START      TIME   STATE\n" +
      "job-1    copy-bck   src => dst   3         0B      03:04:05   2.5s   Finished\n",
  );
  expect((await ais(["job", "show", "copy-bucket", "--all"])).out).toBe(all.out);
  expect((await ais(["show", "job", "job-1"])).out).toContain("t[t1]   copy-bck   src => dst");
  expect(await ais(["show", "job", "nosuchjob"])).toMatchObject({
    status: 1,
    err: 'Error: job "nosuchjob" does not exist\n',
  });
  expect(JSON.parse((await ais(["show", "job", "job-1", "--json"])).out)).toMatchObject([
    { id: "job-1", objects: 3 },
  ]);
});

test("jobs are filtered by what their columns say", async () => {
  await ais(["cp", "ais://src", "ais://dst"]);
  await ais(["start", "cleanup"]);
  const shown = async (filter: string): Promise<readonly string[]> => {
    const snaps = JSON.parse((await ais(["show", "job", "--all", "--json", "--filter", filter])).out);
    return snaps.map(({ id }: { id: string }) => id);
  };
  expect(await shown("KIND=copy.*")).toEqual(["job-1"]);
  expect(await shown("kind = cleanup-store")).toEqual(["job-2"]);
  expect(await shown("BUCKET=^ais://dst$")).toEqual(["job-1"]);
  expect(await shown("BUCKET=SRC")).toEqual([]);
  expect(await shown("ID=job-(2|3)")).toEqual(["job-2"]);
  expect(await shown("STATE=finished")).toEqual(["job-1", "job-2"]);
  expect(await shown("STATE=Running")).toEqual([]);
  expect(await shown("NODE=^t1$")).toEqual(["job-1", "job-2"]);
  expect(await shown("NODE=t2")).toEqual([]);
  expect((await ais(["show", "job", "--all", "--filter", "NODE=t2"])).out).toBe("No jobs match NODE=t2\n");
  expect((await ais(["show", "job", "job-1", "--filter", "STATE=Aborted"])).out).toContain("No rows of job");
  for (const filter of ["copy", "OBJECTS=3", "KIND=", "KIND=(", "=x"])
    expect([filter, (await ais(["show", "job", "--filter", filter])).status]).toEqual([filter, 2]);
});

test("start, wait and stop", async () => {
  expect((await ais(["start", "cleanup"])).out).toContain("Started cleanup-store[job-1]");
  expect((await ais(["start", "lru", "ais://src", "--wait"])).out).toBe("lru[job-2] done: 0 objects (0B)\n");
  expect((await ais(["wait", "job-1"])).out).toBe("cleanup-store[job-1] done: 0 objects (0B)\n");
  expect((await ais(["wait", "lru"])).out).toBe("No running lru jobs\n");
  expect((await ais(["stop", "job-1"])).out).toBe("Stopped job job-1\n");
  expect((await ais(["job", "stop", "lru"])).out).toBe("Stopped all running lru jobs\n");
});

test("storage summary and ls --summary agree", async () => {
  const expected = "NAME        OBJECTS   SIZE\nais://src   3         30B\n";
  expect((await ais(["storage", "summary", "ais://src"])).out).toBe(expected);
  expect((await ais(["storage", "summary"])).out).toBe(expected);
  expect((await ais(["ls", "ais://src", "--summary"])).out).toBe(expected);
  expect((await ais(["storage", "summary", "ais://src", "--prefix", "a/"])).out).toContain(
    "ais://src   2         20B",
  );
});
