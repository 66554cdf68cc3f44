/** Commands of our own `ais` that AIStore's has too, against a real cluster. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { ais as run, startAis } from "./ais.fixture.ts";
import { idOf } from "./cluster.fixture.ts";
import { contentOf, JobClient, numbered } from "./jobs.fixture.ts";

let cluster: TestCluster;
let jobs: JobClient;
const directory = mkdtempSync(join(tmpdir(), "ais-commands-"));
const path = (name: string): string => join(directory, name);

/** Each runs many processes. */
setDefaultTimeout(120_000);

beforeAll(async () => {
  cluster = await TestCluster.start({ targets: 2, logs: true });
  jobs = new JobClient(cluster);
  await jobs.create("b");
  await jobs.fill("b", numbered("dir/o-", 40), contentOf);
}, 60_000);

afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await cluster?.[Symbol.asyncDispose]();
});

const ais = (...words: readonly string[]) => run(cluster, ...words);

/**
 * What it prints, when it works. A target that stood still may have left the cluster map: a rebalance begins a second
 * after it is back, beside which some jobs cannot start.
 */
async function out(...words: readonly string[]): Promise<string> {
  let result = await ais(...words);
  for (let tries = 0; tries < 100 && /rebalance\[g\d+\] is currently running/.test(result.err); tries++) {
    await Bun.sleep(100);
    result = await ais(...words);
  }
  expect([words.join(" "), result.status, result.err]).toEqual([words.join(" "), 0, ""]);
  return result.out;
}

describe("jobs", () => {
  test("are selected by kind, what several kinds begin with, bucket, node and pattern", async () => {
    const copy = JSON.parse(await out("cp", "ais://b", "ais://copy", "--json")).job as string;
    expect(await out("wait", copy, "--timeout", "30s")).toContain(`copy-bck[${copy}] done: 40 objects`);
    const list = JSON.parse(
      await out("cp", "ais://b", "ais://few", "--list", "dir/o-0000,dir/o-0001", "--wait", "--json"),
    );
    const shown = async (...words: readonly string[]): Promise<readonly string[]> => {
      const snaps = JSON.parse(await out("show", "job", ...words, "--all", "--json")) as { id: string }[];
      return [...new Set(snaps.map(({ id }) => id))].sort();
    };
    const both = [copy, list.job as string].sort();
    expect(await shown("copy")).toEqual(both);
    expect(await shown("copy-bucket")).toEqual([copy]);
    expect(await shown("copy", "ais://few")).toEqual([list.job]);
    expect(await shown("--regex", "list of 2 names")).toEqual([list.job]);
    expect(await shown("copy", "--top", "1")).toEqual([list.job]);
    const target = await idOf(must(cluster.targets[0], "target"));
    expect(await out("show", "job", copy, target)).toContain(`t[${target}]`);
    expect((await out("show", "job", copy, `t[${target}]`)).match(/t\[/g)).toHaveLength(1);
    expect(await shown("--filter", "BUCKET=^ais://few$")).toEqual([list.job]);
    expect(await shown("--filter", "KIND=copy", "--filter", "STATE=Aborted")).toEqual([]);
    const ofNode = JSON.parse(await out("show", "job", "--all", "--json", "--filter", `NODE=${target}`));
    expect(new Set(ofNode.map((snap: { targetId: string }) => snap.targetId))).toEqual(new Set([target]));
    expect((await out("show", "job", copy, "--refresh", "10ms", "--count", "3")).match(/NODE/g)).toHaveLength(
      3,
    );
  });

  test("all that run are stopped, or those of a bucket", async () => {
    // A copy of some objects idles for a while, in which a slow machine cannot run many commands.
    const idling = async (name: string): Promise<string> => {
      const tobck = { name: "idle", provider: "ais", namespace: null };
      const id = await jobs.job("POST", "/v1/buckets/b", "copy-listrange", { tobck, objnames: [name] });
      await jobs.waitIdle(id);
      return id;
    };
    const id = await idling("dir/o-0003");
    const refused = await Promise.all([ais("stop"), ais("stop", "--all")]);
    expect(refused.map(({ status }) => status)).toEqual([2, 2]);
    expect(await jobs.status(id)).toMatchObject({ end_time: 0 });
    await out("stop", "copy-objects", "ais://b");
    expect(await jobs.wait(id)).toMatchObject({ aborted: true, err: "user abort" });
    const other = await idling("dir/o-0004");
    expect(await out("stop", "--all", "-y")).toBe("Stopped all running jobs\n");
    expect(await jobs.wait(other)).toMatchObject({ aborted: true });
  });

  test("a wait that takes too long fails and leaves the job alone", async () => {
    const target = must(cluster.targets[1], "target");
    await jobs.create("late");
    target.pause();
    // Of a target that stands still the job waits, whether the cluster map has lost it by then or not.
    const id = JSON.parse(await out("cp", "ais://b", "ais://late", "--json")).job as string;
    const late = await ais("wait", id, "--timeout", "500ms");
    target.resume();
    expect([late.status, late.err]).toEqual([1, expect.stringContaining("has not ended within 500ms")]);
    expect(await jobs.wait(id)).toMatchObject({ aborted: false, err: "" });
    expect(await jobs.names("late")).toHaveLength(40);
  });

  test("lru and cleanup take AIStore's options, and no others", async () => {
    expect(await out("start", "lru", "--buckets", "ais://b,ais://copy", "--force", "-y", "--wait")).toContain(
      "done: 0 objects",
    );
    expect((await ais("start", "lru", "--buckets", "ais://b", "--force")).status).toBe(2);
    for (const words of [
      ["start", "lru", "--force"],
      ["start", "lru", "--rm-zero-size"],
      ["start", "cleanup", "--buckets", "ais://b"],
      ["start", "rebalance", "--force"],
    ])
      expect([words, (await ais(...words)).status]).toEqual([words, 2]);
    await fetch(`${cluster.url}/v1/objects/b/empty`, {
      method: "PUT",
      headers: { "Ais-Atime": "1000000000" },
    });
    expect(await out("storage", "cleanup", "ais://b", "--rm-zero-size", "--wait")).toContain(
      "done: 1 object ",
    );
    expect(await jobs.names("b", "empty")).toEqual([]);
    expect(await out("space-cleanup", "--keep-misplaced", "--timeout", "30s")).toContain("done: 0 objects");
  });
});

test("objects are copied, renamed and described", async () => {
  expect(await out("object", "cp", "ais://b/dir/o-0000", "ais://b/x/")).toContain("ais://b/x/o-0000");
  expect(await out("cp", "ais://b/dir/o-0000", "ais://b/y", "--dry-run")).toContain("would copy");
  expect(await out("object", "mv", "ais://b/x/o-0000", "renamed")).toBe(
    "ais://b/x/o-0000 renamed to ais://b/renamed\n",
  );
  expect(await jobs.names("b", "x/")).toEqual([]);
  await out("object", "set-custom", "ais://b/renamed", "a=1", "b=2");
  await out("object", "set-custom", "ais://b/renamed", '{"b":"3"}');
  expect(await out("object", "show", "ais://b/renamed", "--props", "custom")).toMatch(/a:1.*b:3/);
  await out("object", "set-custom", "ais://b/renamed", "--set-new-custom", "c=4");
  expect(await out("object", "show", "ais://b/renamed", "--props", "custom")).not.toContain("a:1");
  expect(await out("advanced", "check-lock", "ais://b/renamed")).toBe("ais://b/renamed: unlocked\n");
  // What is no object is what several begin with.
  await out("cp", "ais://b/dir/", "ais://under", "--wait");
  expect(await jobs.names("under")).toEqual([...numbered("dir/o-", 40)]);
  expect(await out("object", "show", "ais://b/renamed", "--all")).toMatch(/version +\d/);
  expect((await ais("show", "object", "ais://b/renamed", "--all", "--props", "size")).status).toBe(2);
  expect(await out("object", "cat", "ais://b/dir/o-0001", "--checksum")).toBe(
    contentOf("dir/o-0001").toString(),
  );
  expect(await out("cp", "ais://b", "ais://timed", "--timeout", "30s")).toContain("Copied");
  expect((await ais("object", "mv", "ais://b/none", "y")).status).toBe(1);
  expect((await ais("object", "mv", "ais://b/renamed", "ais://copy/y")).status).toBe(2);
});

test("objects come in parts, or grow by files", async () => {
  writeFileSync(path("1"), Buffer.alloc(100_000, "1"));
  writeFileSync(path("2"), Buffer.alloc(50_000, "2"));
  const id = (await out("mpu", "create", "ais://b/parts")).trim();
  await out("mpu", "put-part", "ais://b/parts", id, "2", path("2"));
  await out(
    "object",
    "multipart-upload",
    "put-part",
    "ais://b/parts",
    path("1"),
    "--upload-id",
    id,
    "--part-number",
    "1",
  );
  await out("mpu", "complete", "ais://b/parts", id, "1,2");
  await out("object", "concat", path("1"), path("2"), "ais://b/grown");
  for (const name of ["parts", "grown"]) {
    await out("get", `ais://b/${name}`, path(name));
    expect(
      readFileSync(path(name)).equals(Buffer.concat([readFileSync(path("1")), readFileSync(path("2"))])),
    ).toBe(true);
  }
  await out("object", "concat", path("2"), "ais://b/grown");
  const reply = await fetch(`${cluster.url}/v1/objects/b/grown`);
  expect((await reply.arrayBuffer()).byteLength).toBe(200_000);
  // The same by `put`, of files that are listed or of a range.
  expect(await out("put", path("1"), "ais://b/appended", "--append")).toContain("Appended 1 file (97.66KiB)");
  await out("put", "ais://b/appended", "--append", "--template", path("{1..2}"), "--units", "si");
  expect(await out("show", "object", "ais://b/appended", "--props", "size", "--units", "raw")).toContain(
    "250000",
  );
  await out("put", "ais://b/listed/", "--list", `${path("1")}, ${path("2")}`);
  expect(await jobs.names("b", "listed/")).toEqual(["listed/1", "listed/2"]);
  // In parts by `put` itself: the last is shorter, and a file of at most one part is no upload in parts.
  writeFileSync(path("3"), Buffer.concat([readFileSync(path("1")), readFileSync(path("2"))]));
  await out("put", path("3"), "ais://b/chunked", "--chunk-size", "40k", "--units", "iec", "--conc", "2");
  await out("put", "ais://b/many/", "--list", `${path("2")},${path("3")}`, "--chunk-size", "60000");
  for (const name of ["chunked", "many/3"]) {
    const bytes = await (await fetch(`${cluster.url}/v1/objects/b/${name}`)).arrayBuffer();
    expect(Buffer.from(bytes).equals(readFileSync(path("3")))).toBe(true);
  }
  expect(await out("ls", "ais://b", "--props", "name,chunked", "--prefix", "many/", "-H")).toMatch(
    /^many\/2 *\nmany\/3 +yes\n$/,
  );
  expect((await ais("put", path("3"), "ais://b/x", "--chunk-size", "0")).status).toBe(2);
  const given = (await out("mpu", "create", "ais://b/given-up")).trim();
  expect(await out("mpu", "abort", "ais://b/given-up", given)).toContain("Aborted");
  expect((await ais("mpu", "complete", "ais://b/given-up", given, "1")).err).toContain("does not exist");
  expect((await ais("mpu", "put-part", "ais://b/parts", id)).status).toBe(2);
});

test("performance and storage show what targets count, have and use", async () => {
  const target = await idOf(must(cluster.targets[0], "target"));
  const [row] = JSON.parse(await out("performance", "counters", target, "--json")).counters;
  expect(row.TARGET).toBe(`t[${target}]`);
  expect(Number(row["PUT(n)"])).toBeGreaterThan(0);
  expect(await out("show", "performance", "counters", "--regex", "^put")).toMatch(
    /^TARGET +PUT\(n\) +PUT\(size\)\n/,
  );
  const latency = run(cluster, "performance", "latency", "--refresh", "1s", "--count", "1", "--json");
  // For as long as it looks.
  const looked = latency.then(() => true);
  while (!(await Promise.race([looked, Bun.sleep(1).then(() => false)])))
    await (await fetch(`${cluster.url}/v1/objects/b/renamed`)).arrayBuffer();
  const rows = JSON.parse((await latency).out).latency as Record<string, string>[];
  expect(rows.at(-1)?.["GET(latency)"]).toMatch(/s$/);
  expect(await out("show", "cluster", "stats", "throughput")).toContain("PUT(bw)");
  expect(await out("performance", "--regex", "get")).toContain("intra-data");
  for (const words of [
    ["performance", "disk"],
    ["performance", "capacity"],
    ["storage", "mountpath"],
    ["storage", "disk", "--summary"],
  ])
    expect([words, await out(...words)]).toEqual([words, expect.stringContaining(`t[${target}]`)]);
  expect(await out("storage", "disk", "--regex", "cap")).toMatch(/^TARGET +DISK +CAP USED\(%\) +CAP AVAIL\n/);
  expect(await out("storage", "mountpath")).toContain(must(cluster.targets[0], "target").plan.directory);
  expect(await out("show", "cluster", "memory", target)).toContain("PROC RSS");
  expect(JSON.parse(await out("show", "cluster", "cpu", "--json"))[target]).toHaveProperty("cpu_util");
  expect((await ais("performance", "counters", "nobody")).status).toBe(2);
  await out("cluster", "reset-stats");
  const [reset] = JSON.parse(await out("performance", "counters", target, "--json")).counters;
  expect(reset["PUT(n)"]).toBeUndefined();
});

test("logs are shown, stored, and followed over a rotation", async () => {
  const target = await idOf(must(cluster.targets[0], "target"));
  expect(await out("log", "show", target)).toContain("registered with the cluster");
  expect(await out("log", "show", `t[${target}]`, "--severity", "e")).toBe("");
  await out("log", "get", target, path("one.log"));
  expect(readFileSync(path("one.log"), "utf8")).toContain("registered with the cluster");
  {
    await using following = await startAis(cluster, "log", "show", target, "--refresh", "200ms");
    const said = (text: string) => (line: Readonly<Record<string, unknown>>) => line["msg"] === text;
    await following.line(said("registered with the cluster"));
    await out("advanced", "rotate-logs", target);
    await out("cluster", "reset-stats", target);
    await jobs.wait(await jobs.job("PUT", "/v1/cluster", "start", { Kind: "cleanup-store" }));
    await following.line(said("cleaned the store"));
    expect(following.lines.filter(said("registered with the cluster"))).toHaveLength(1);
    const lines = following.lines.map((line) => JSON.stringify(line));
    expect(new Set(lines).size).toBe(lines.length);
  }
  await out("log", "get", "cluster", `${path("logs")}/`);
  expect(readdirSync(path("logs"))).toHaveLength(3);
  expect(readFileSync(join(path("logs"), must(readdirSync(path("logs"))[0], "archive")))[0]).toBe(0x1f);
  expect((await ais("log", "get", "cluster", "-")).status).toBe(2);
  expect((await ais("log", "show", "nobody")).status).toBe(2);
});

test("a bucket is made a cache and none again", async () => {
  expect(await out("bucket", "lru", "ais://copy")).toMatch(/lru\.enabled +false/);
  expect(await out("bucket", "lru", "ais://copy", "--enable")).toContain('"lru.enabled" set to: "true"');
  expect(await out("bucket", "lru", "ais://copy", "--disable")).toContain('"lru.enabled" set to: "false"');
  expect((await ais("bucket", "lru", "ais://copy", "--enable", "--disable")).status).toBe(2);
  expect(await out("bucket", "summary", "ais://copy")).toContain("40");
});

test("listings are filtered by pattern and template, and come page by page", async () => {
  await jobs.create("names");
  await jobs.fill("names", [...numbered("s-", 12), "S-big", "other/x"], () => Buffer.from("x"));
  const listed = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await out("ls", "ais://names", "--name-only", "--no-headers", ...words)).trim().split("\n");
  expect(await listed("--regex", "^S")).toEqual(["S-big"]);
  expect(await listed("--template", "s-{0003..0005}")).toEqual(["s-0003", "s-0004", "s-0005"]);
  expect(await listed("--template", "s-", "--regex", "1$")).toEqual(["s-0001", "s-0011"]);
  expect(await listed("--template", "other/")).toEqual(["other/x"]);
  expect(await listed("--paged", "--page-size", "5")).toEqual(await listed());
  expect((await out("ls", "ais://names", "--paged", "--page-size", "7")).match(/NAME/g)).toHaveLength(2);
  expect(await out("ls", "--regex", "^nam")).toContain("ais://names");
  expect(await out("ls", "--regex", "^nam")).not.toContain("ais://copy");
  for (const words of [
    ["--paged", "--json"],
    ["--template", "s-{3..1}"],
    ["--template", "s-", "--prefix", "s"],
    ["--regex", "("],
  ])
    expect([words, (await ais("ls", "ais://names", ...words)).status]).toEqual([words, 2]);
  expect((await ais("rmo", "ais://names", "--all")).status).toBe(2);
  expect((await ais("rmo", "ais://names", "--all", "--prefix", "s", "-y")).status).toBe(2);
  expect(await out("rmo", "ais://names", "--all", "-y")).toBe("deleted 14 objects from ais://names\n");
  expect(await jobs.names("names")).toEqual([]);
});

test("the dashboard shows what the cluster does and how it is", async () => {
  const load = new AbortController();
  const reading = (async () => {
    while (!load.signal.aborted) await (await fetch(`${cluster.url}/v1/objects/b/dir/o-0001`)).arrayBuffer();
  })();
  const shown = await out("show", "dashboard", "--verbose").finally(() => load.abort());
  await reading;
  expect(shown).toMatch(
    /^Performance and Health:\n {3}State: +Operational\n {3}Throughput: +Read [1-9][\d.]*([KM]i)?B\/s/,
  );
  expect(shown).toMatch(/Storage: +2 mountpaths \(all healthy\)\n/);
  expect(shown).toContain("All nodes operational");
  expect(shown).toContain("Cluster Map:");
  const board = JSON.parse(await out("cluster", "dashboard", "--json"));
  expect(board).toMatchObject({ io_errors: 0, mountpaths: 2, health: { nodes: 3, offline: [] } });
  expect(board.load_average.avg).toBeGreaterThan(0);
  const target = await idOf(must(cluster.targets[0], "target"));
  expect(
    (await ais("cluster", "add-remove-nodes", "start-maintenance", target, "--no-rebalance", "-y")).status,
  ).toBe(0);
  const away = await out("show", "dashboard", "--verbose");
  await out("cluster", "add-remove-nodes", "stop-maintenance", target, "-y");
  expect(away).toMatch(/State: +1 of 3 nodes: .*1 in maintenance/);
  expect(away).toContain(`t[${target}]`);
  expect(await out("show", "dashboard", "--refresh", "50ms", "--count", "2", "-H")).toContain("Operational");
});

test("the cluster is shown again and again", async () => {
  const shown = await out("show", "cluster", "--refresh", "50ms", "--count", "2");
  expect(shown.match(/Cluster Map:/g)).toHaveLength(2);
  expect((await ais("show", "cluster", "--count", "2")).status).toBe(2);
  expect((await ais("show", "cluster", "--refresh", "0s")).status).toBe(2);
});
