/** Jobs over real daemons: each kind, on three targets (wire-compat 6). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import { contentOf, getWithBody, JobClient, numbered, until } from "./jobs.fixture.ts";

const COUNT = 400;
const ZERO_TIME = "0001-01-01T00:00:00Z";

let cluster: TestCluster;
let jobs: JobClient;
const names = numbered("a/obj-", COUNT);
const faults = new FaultsFile();
/** Jobs that write come to no end meanwhile. */
const HELD = { operation: "commit", holds: true } as const;

beforeAll(async () => {
  cluster = await TestCluster.start({ targets: 3, proxies: 2, env: faults.env });
  jobs = new JobClient(cluster);
  await jobs.create("src");
  await jobs.create("other");
  await jobs.fill("src", names, contentOf);
}, 60_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  faults[Symbol.dispose]();
});

describe("multi-object jobs", () => {
  test("copy-listrange idles after its work and stays among the running for a while", async () => {
    const value = { tobck: { name: "some", provider: "ais", namespace: null }, objnames: names.slice(0, 20) };
    const id = await jobs.job("POST", "/v1/buckets/src", "copy-listrange", value);
    const snaps = await jobs.waitIdle(id);
    expect(await jobs.names("some")).toEqual(names.slice(0, 20));
    expect(snaps.every((snap) => snap["end-time"] === ZERO_TIME)).toBe(true);
    expect((await jobs.query("running_all", { kind: "copy-listrange" })).json).toContain(
      `copy-listrange[${id}]`,
    );
    expect((await jobs.status(id)).end_time).toBe(0);
    const ended = await jobs.wait(id);
    expect(ended).toMatchObject({ aborted: false, err: "" });
    expect((await jobs.query("running_all")).json).not.toContain(`copy-listrange[${id}]`);
    expect((await jobs.snaps({ id })).every((snap) => snap.is_idle && snap["end-time"] !== ZERO_TIME)).toBe(
      true,
    );
  });

  test("delete-listrange by list, template, range without end and prefix", async () => {
    await jobs.create("del");
    await jobs.fill("del", [...numbered("x-", 300), "y", "dir/1", "dir/sub/2"], () => Buffer.from("z"));
    const remove = async (value: object) =>
      jobs.wait(await jobs.job("DELETE", "/v1/buckets/del", "delete-listrange", value));
    await remove({ objnames: ["x-0000", "x-0001", "missing"] });
    await remove({ template: "x-{0002..0099..1}" });
    await remove({ template: "x-@0149" });
    expect(await jobs.names("del", "x-")).toEqual(numbered("x-", 300).slice(150));
    await remove({ template: "dir/", "non-recurs": true });
    expect(await jobs.names("del", "dir/")).toEqual(["dir/sub/2"]);
    await remove({ template: "x-%04d" });
    expect(await jobs.names("del")).toEqual(["dir/sub/2", "y"]);
    await remove({ template: "" });
    expect(await jobs.names("del")).toEqual([]);
  });

  test("a malformed template starts nothing", async () => {
    const reply = await jobs.act("DELETE", "/v1/buckets/src", "delete-listrange", { template: "x{9..1}" });
    expect([reply.status, await reply.text()]).toEqual([
      400,
      expect.stringContaining("its start is greater"),
    ]);
  });

  test("prefetch and evict expect a remote bucket", async () => {
    for (const [method, action] of [
      ["POST", "prefetch-listrange"],
      ["DELETE", "evict-listrange"],
    ] as const) {
      const reply = await jobs.act(method, "/v1/buckets/src", action, { template: "" });
      expect([reply.status, await reply.text()]).toEqual([
        400,
        expect.stringContaining("expecting remote bucket"),
      ]);
    }
  });
});

describe("move-bck", () => {
  test("both buckets exist until the job ends, and the old one takes no changes", async () => {
    await jobs.create("old");
    await jobs.fill("old", names, contentOf);
    let id: string;
    {
      using _held = faults.set(HELD);
      id = await jobs.job("POST", "/v1/buckets/old?bck_to=ais/@%23/new/", "move-bck");
      expect(await jobs.put("old", "late", "x")).toBe(409);
      for (const bucket of ["old", "new"])
        expect((await fetch(`${cluster.url}/v1/buckets/${bucket}`, { method: "HEAD" })).status).toBe(200);
    }
    expect(await jobs.wait(id)).toMatchObject({ kind: "move-bck", aborted: false, err: "" });
    expect((await fetch(`${cluster.url}/v1/buckets/old`, { method: "HEAD" })).status).toBe(404);
    expect(await jobs.names("new")).toEqual([...names]);
    expect(await jobs.wrong("new", names, contentOf)).toEqual([]);
  });

  test("to a bucket that exists, or itself, is refused", async () => {
    expect((await jobs.act("POST", "/v1/buckets/src?bck_to=ais/@%23/other/", "move-bck")).status).toBe(409);
    expect((await jobs.act("POST", "/v1/buckets/src?bck_to=ais/@%23/src/", "move-bck")).status).toBe(400);
    expect((await jobs.act("POST", "/v1/buckets/none?bck_to=ais/@%23/x/", "move-bck")).status).toBe(404);
  });
});

describe("start and stop", () => {
  const start = (value: object) => jobs.job("PUT", "/v1/cluster", "start", value);

  test("two lru jobs in a row are two jobs, and a cleanup is none of them", async () => {
    const first = await start({ Kind: "lru" });
    const second = await start({ kind: "lru-eviction" });
    const cleanup = await start({ Kind: "cleanup", ID: "", Bck: null, Buckets: null });
    for (const id of [first, second, cleanup]) await jobs.wait(id);
    const ids = async (query: object) =>
      ((await jobs.query("status_all", query)).json as { uuid: string }[]).map(({ uuid }) => uuid);
    expect(await ids({})).toEqual(expect.arrayContaining([first, second, cleanup]));
    const lru = await ids({ Kind: "lru" });
    expect(lru).toEqual(expect.arrayContaining([first, second]));
    expect(lru).not.toContain(cleanup);
  });

  test.each([
    [{ Kind: "resilver" }, 501],
    [{ Kind: "resilver" }, 501],
    [{ Kind: "make-n-copies", Bck: { name: "src", provider: "ais" } }, 501],
    [{ Kind: "copy-bck" }, 400],
    [{ Kind: "nonsense" }, 400],
    [{}, 400],
    [{ Kind: "lru", Bck: { name: "none", provider: "ais" } }, 404],
  ])("start %j gives %p", async (value, status) => {
    expect((await jobs.act("PUT", "/v1/cluster", "start", value)).status).toBe(status);
  });

  test("an abort ends the job and says whose it was", async () => {
    let id: string;
    {
      using _held = faults.set(HELD);
      id = await jobs.job("POST", "/v1/buckets/src?bck_to=ais/@%23/aborted/", "copy-bck", {
        "num-workers": 1,
      });
      expect((await jobs.act("PUT", "/v1/cluster", "stop", { ID: id, Kind: "" })).status).toBe(200);
    }
    const status = await jobs.wait(id);
    expect(status).toMatchObject({ aborted: true, err: "user abort" });
    const snaps = await jobs.snaps({ id });
    expect(snaps.some((snap) => snap.aborted && snap["abort-err"] === "user abort")).toBe(true);
    expect((await jobs.query("running_all")).json).not.toContain(`copy-bck[${id}]`);
    const copied = await jobs.names("aborted");
    expect(await jobs.wrong("aborted", copied, contentOf)).toEqual([]);
    expect((await jobs.act("PUT", "/v1/cluster", "stop", { ID: "nosuchjob", Kind: "" })).status).toBe(404);
  });
});

describe("queries", () => {
  test("only an explicit id that nobody knows is 404", async () => {
    for (const what of ["status", "qryxstats"]) {
      expect((await jobs.query(what, { id: "doesnotexist" })).status).toBe(404);
    }
    for (const kind of ["ec-get", "archive", "put-copies", "get-batch", "rename-bucket", "DSORT"]) {
      const { status, json } = await jobs.query("qryxstats", { kind, bck: { name: "", provider: "" } });
      expect([kind, status]).toEqual([kind, 200]);
      expect(Object.keys(json as object)).toHaveLength(3);
    }
    expect((await jobs.query("qryxstats", { kind: "unheard-of" })).status).toBe(400);
    expect((await jobs.query("status", {})).status).toBe(400);
    // Of a question AIStore ignores what it does not know; of what starts or stops jobs it does not.
    expect((await jobs.query("qryxstats", { kind: "lru", unheard: 1 })).status).toBe(200);
    const start = await jobs.act("PUT", "/v1/cluster", "start", { kind: "lru", unheard: 1 });
    expect(start.status).toBe(400);
  });

  test("a composite id, a bucket and only running ones", async () => {
    const value = { template: "nothing-" };
    const first = await jobs.job("DELETE", "/v1/buckets/src", "delete-listrange", value);
    const second = await jobs.job("DELETE", "/v1/buckets/other", "delete-listrange", value);
    await jobs.wait(`${first},${second}`);
    expect(await jobs.snaps({ id: `${first},${second}` })).toHaveLength(6);
    const ofBucket = await jobs.snaps({ kind: "delete-objects", bck: { name: "other", provider: "ais" } });
    expect(new Set(ofBucket.map(({ id }) => id))).toEqual(new Set([second]));
    expect(await jobs.snaps({ id: first, show_active: true })).toEqual([]);
  });

  test("any proxy knows a job at once", async () => {
    const id = await jobs.job("PUT", "/v1/cluster", "start", { Kind: "lru" });
    const other = await fetch(`${cluster.proxies[1]?.url}/v1/cluster?what=status_all`);
    expect(other.status).toBe(200);
    await until(30_000, "the other proxy to know the job", async () => {
      const list = (await (await fetch(`${cluster.proxies[1]?.url}/v1/cluster?what=status_all`)).json()) as {
        uuid: string;
      }[];
      return list.some(({ uuid }) => uuid === id) ? true : null;
    });
    const snap = await until(30_000, "a target to know the job", async () => {
      const reply = await fetch(`${cluster.targets[0]?.url}/v1/daemon?what=getxstats&uuid=${id}`);
      return reply.status === 200 ? await reply.json() : null;
    });
    expect(snap).toMatchObject({ id, kind: "lru" });
  });

  test("a listing is a job that idles", async () => {
    await jobs.names("src", "a/obj-00");
    const snaps = await jobs.snaps({ kind: "list", bck: { name: "src", provider: "ais" } });
    expect(snaps.length).toBeGreaterThanOrEqual(3);
    const id = snaps.at(-1)?.id ?? "";
    expect((await jobs.query("running_all", { kind: "list" })).json).toContain(`list[${id}]`);
    expect((await jobs.waitIdle(id)).every((snap) => snap.kind === "list")).toBe(true);
    expect(await jobs.status(id)).toMatchObject({ kind: "list", uuid: id });
  });

  test("a listing can be stopped, by its id or its kind, but once", async () => {
    const listing = async (prefix: string): Promise<string> => {
      const message = { action: "list", name: "", value: { prefix, pagesize: 10 } };
      const { text } = await getWithBody(`${cluster.url}/v1/buckets/src`, message);
      return (JSON.parse(text) as { readonly uuid: string }).uuid;
    };
    const stop = async (value: object): Promise<number> =>
      (await jobs.act("PUT", "/v1/cluster", "stop", value)).status;
    const id = await listing("a/obj-01");
    expect(await stop({ id })).toBe(200);
    const snaps = await jobs.snaps({ id });
    expect(snaps.map(({ aborted }) => aborted)).toEqual([true, true, true]);
    expect(snaps[0]?.["abort-err"]).toBe("user abort");
    expect(await stop({ id })).toBe(404);
    const other = await listing("a/obj-02");
    expect(await stop({ kind: "list" })).toBe(200);
    expect(await jobs.status(other)).toMatchObject({ aborted: true });
  });

  test("downloads, sorts and transformations are none, and more of them is not supported", async () => {
    for (const path of ["download", "sort", "etl"]) {
      const reply = await fetch(`${cluster.url}/v1/${path}`);
      expect([reply.status, await reply.json()]).toEqual([200, []]);
      expect((await fetch(`${cluster.url}/v1/${path}`, { method: "POST" })).status).toBe(501);
      expect((await fetch(`${cluster.url}/v1/${path}/abort?uuid=x`, { method: "DELETE" })).status).toBe(501);
    }
  });
});

describe("summary", () => {
  test("202 with an id, then the figures of all targets", async () => {
    const first = await summary("src", { uuid: "", prefix: "a/" });
    expect(first.status).toBe(202);
    const final = await until(30_000, "the summary", async () => {
      const reply = await summary("src", { uuid: first.text, prefix: "a/" });
      return reply.status === 200 ? JSON.parse(reply.text) : null;
    });
    const total = names.reduce((bytes, name) => bytes + contentOf(name).length, 0);
    expect(final).toEqual([
      expect.objectContaining({
        name: "src",
        provider: "ais",
        ObjCount: { obj_count_present: String(COUNT), obj_count_remote: "0" },
        TotalSize: expect.objectContaining({ size_all_present_objs: String(total) }),
        is_present: true,
      }),
    ]);
    expect((await summary("src", { uuid: "doesnotexist", prefix: "" })).status).toBe(404);
    const all = await summary("", { uuid: "", prefix: "" });
    expect(all.status).toBe(202);
  });

  test("by HEAD", async () => {
    const head = (more = "") =>
      fetch(`${cluster.url}/v1/buckets/src/a?provider=ais&presence=2&bsumm_remote=false${more}`, {
        method: "HEAD",
      });
    const first = await head();
    expect(first.status).toBe(202);
    const id = first.headers.get("ais-xaction-id") ?? "";
    expect(JSON.parse(first.headers.get("ais-bucket-props") ?? "")).toMatchObject({ provider: "ais" });
    const summed = await until(30_000, "the summary", async () => {
      const reply = await head(`&uuid=${id}`);
      return reply.status === 200 ? JSON.parse(reply.headers.get("ais-bucket-summ") ?? "") : null;
    });
    expect(summed.ObjCount.obj_count_present).toBe(String(COUNT));
  });

  function summary(
    bucket: string,
    value: object,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const path = bucket === "" ? "" : `/${bucket}`;
    const message = { action: "summary-bck", name: "", value };
    return getWithBody(`${cluster.url}/v1/buckets${path}?provider=ais`, message);
  }
});

test("two jobs at once do not disturb each other", async () => {
  let both: readonly string[];
  {
    using _held = faults.set(HELD);
    const copyTo = (name: string) =>
      jobs.job("POST", `/v1/buckets/src?bck_to=ais/@%23/${name}/`, "copy-bck", {});
    both = [await copyTo("first"), await copyTo("second")];
    expect((await jobs.act("POST", "/v1/buckets/src?bck_to=ais/@%23/third/", "move-bck")).status).toBe(409);
  }
  await Promise.all(both.map((id) => jobs.wait(id)));
  for (const bucket of ["first", "second"]) expect(await jobs.wrong(bucket, names, contentOf)).toEqual([]);
});

test("buckets in named namespaces are their own", async () => {
  const inSpace = "namespace=%40%23space";
  expect((await jobs.act("POST", `/v1/buckets/src?${inSpace}`, "create-bck")).status).toBe(200);
  expect(
    (await fetch(`${cluster.url}/v1/objects/src/one?${inSpace}`, { method: "PUT", body: "1" })).status,
  ).toBe(200);
  expect((await fetch(`${cluster.url}/v1/objects/src/one`)).status).toBe(404);
  const listed = async (query: string) =>
    (
      (await (await fetch(`${cluster.url}/v1/buckets?${query}`)).json()) as { namespace: { name: string } }[]
    ).map(({ namespace }) => namespace.name);
  expect(await listed(`provider=ais&${inSpace}`)).toEqual(["space"]);
  expect(await listed("provider=ais")).toContain("space");
  await jobs.wait(
    await jobs.job("POST", `/v1/buckets/src?${inSpace}&bck_to=ais/@%23other/src/`, "copy-bck", {}),
  );
  expect(await (await fetch(`${cluster.url}/v1/objects/src/one?namespace=%40%23other`)).text()).toBe("1");
});
