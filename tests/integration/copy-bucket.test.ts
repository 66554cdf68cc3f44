/** Copies of buckets over real daemons, on three targets (wire-compat 6). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { contentOf, JobClient, numbered, until } from "./jobs.fixture.ts";

const COUNT = 400;
const ZERO_TIME = "0001-01-01T00:00:00Z";

let cluster: TestCluster;
let jobs: JobClient;
const names = numbered("a/obj-", COUNT);
const sum = (values: readonly string[]): number => values.reduce((total, value) => total + Number(value), 0);

beforeAll(async () => {
  cluster = await TestCluster.start({ targets: 3 });
  jobs = new JobClient(cluster);
  await jobs.create("src");
  await jobs.fill("src", names, contentOf);
}, 60_000);

afterAll(() => cluster?.[Symbol.asyncDispose]());

describe("copy-bck", () => {
  test("takes over metadata that changed since, though the content is the same", async () => {
    await jobs.create("meta");
    await jobs.put("meta", "o", "same");
    const again = () => jobs.job("POST", "/v1/buckets/meta?bck_to=ais/@%23/meta-copy/", "copy-bck", {});
    await jobs.wait(await again());
    expect((await jobs.act("PATCH", "/v1/objects/meta/o", "", { k: "v" })).status).toBe(200);
    await jobs.wait(await again());
    const copy = await fetch(`${cluster.url}/v1/objects/meta-copy/o`, { method: "HEAD" });
    expect(copy.headers.get("ais-custom-md")).toBe("k=v");
  });

  test("copies every object, makes the destination, and says so in status and snaps", async () => {
    const id = await jobs.job("POST", "/v1/buckets/src?bck_to=ais/@%23/copied/", "copy-bck", {});
    expect(id).toMatch(/^[A-Za-z0-9_-]{9,32}$/);
    expect(await jobs.wait(id)).toMatchObject({ kind: "copy-bck", uuid: id, err: "", aborted: false });
    expect(await jobs.names("copied")).toEqual([...names]);
    expect(await jobs.wrong("copied", names, contentOf)).toEqual([]);
    const snaps = await jobs.snaps({ ID: id, Kind: "copy-bucket" });
    expect(snaps).toHaveLength(3);
    for (const snap of snaps) {
      expect(snap).toMatchObject({ id, kind: "copy-bck", is_idle: true, aborted: false, err: "" });
      expect([snap.bck.name, snap["src-bck"].name, snap["dst-bck"].name]).toEqual(["", "src", "copied"]);
      expect(snap["end-time"]).not.toBe(ZERO_TIME);
    }
    const done = sum(snaps.map(({ stats }) => stats["loc-objs"] ?? ""));
    expect(done).toBe(COUNT);
    // What arrives after a share's end is written a moment later.
    await until(30_000, "as many objects to arrive as were sent", async () => {
      const later = await jobs.snaps({ id });
      const arrived = sum(later.map(({ stats }) => stats["in-objs"] ?? ""));
      return arrived === sum(later.map(({ stats }) => stats["out-objs"] ?? "")) ? true : null;
    });
  });

  test("with a prefix, a text before and another extension", async () => {
    await jobs.fill("src", ["pic/1.jpeg", "pic/2.png", "pic/3"], contentOf);
    const value = { prefix: "pic/", prepend: "new-", ext: { jpeg: "jpg" }, "num-workers": 10 };
    const id = await jobs.job("POST", "/v1/buckets/src?bck_to=ais/@%23/renamed/", "copy-bck", value);
    await jobs.wait(id);
    // Workers are its bits from the tenth on.
    expect((await jobs.snaps({ id })).map((snap) => snap["glob.id"])).toEqual(["10240", "10240", "10240"]);
    expect(await jobs.names("renamed")).toEqual(["new-pic/1.jpg", "new-pic/2.png", "new-pic/3"]);
    await jobs.wait(await jobs.job("DELETE", "/v1/buckets/src", "delete-listrange", { template: "pic/" }));
  });

  test("synchronized, deletes what the source does not have", async () => {
    const originals = [...numbered("keep/", 300), "keep/pic.jpeg", "keep/set.tgz", "other/1"];
    await jobs.create("from");
    await jobs.fill("from", originals, contentOf);
    const path = "/v1/buckets/from?bck_to=ais/@%23/mirror/";
    const ext = { jpeg: "jpg", tgz: "tar.gz" };
    await jobs.wait(await jobs.job("POST", path, "copy-bck", { ext }));
    await jobs.fill("mirror", [...numbered("keep/extra-", 300), "other/extra"], contentOf);
    await jobs.wait(
      await jobs.job("DELETE", "/v1/buckets/from", "delete-listrange", {
        objnames: ["keep/0007", "other/1"],
      }),
    );
    const before = await jobs.names("mirror");
    // A dry run and a copy that is not synchronized delete nothing.
    for (const value of [{ ext }, { ext, synchronize: true, dry_run: true }]) {
      await jobs.wait(await jobs.job("POST", path, "copy-bck", value));
      expect(await jobs.names("mirror")).toEqual(before);
    }
    const id = await jobs.job("POST", path, "copy-bck", { ext, synchronize: true, prefix: "keep/" });
    expect(await jobs.wait(id)).toMatchObject({ err: "", aborted: false });
    const kept = originals.filter(
      (name) => name.startsWith("keep/") && !["keep/0007", "keep/pic.jpeg", "keep/set.tgz"].includes(name),
    );
    const changed = ["keep/pic.jpg", "keep/set.tar.gz"];
    const expected = [...kept, ...changed, "other/1", "other/extra"];
    expect(await jobs.names("mirror")).toEqual(expected.toSorted());
    await jobs.wait(await jobs.job("POST", path, "copy-bck", { ext, synchronize: true }));
    expect(await jobs.names("mirror")).toEqual([...kept, ...changed].toSorted());
  });

  test("a dry run counts and makes nothing", async () => {
    const id = await jobs.job("POST", "/v1/buckets/src?bck_to=ais/@%23/dry/", "copy-bck", { dry_run: true });
    await jobs.wait(id);
    expect(sum((await jobs.snaps({ id })).map(({ stats }) => stats["loc-objs"] ?? ""))).toBe(COUNT);
    expect((await fetch(`${cluster.url}/v1/buckets/dry`, { method: "HEAD" })).status).toBe(404);
  });

  test.each([
    ["onto itself", "/v1/buckets/src?bck_to=ais/@%23/src/", {}, 400],
    ["of a bucket that is not there", "/v1/buckets/none?bck_to=ais/@%23/x/", {}, 404],
    ["without a destination", "/v1/buckets/src", {}, 400],
    ["to a remote bucket", "/v1/buckets/src?bck_to=aws/@%23/x/", {}, 501],
    ["with a transformation", "/v1/buckets/src?bck_to=ais/@%23/x/", { id: "etl" }, 501],
    [
      "synchronized under other names",
      "/v1/buckets/src?bck_to=ais/@%23/x/",
      { synchronize: true, prepend: "x" },
      400,
    ],
  ])("%s is refused", async (_what, path, value, status) => {
    expect((await jobs.act("POST", path, "copy-bck", value)).status).toBe(status);
  });
});
