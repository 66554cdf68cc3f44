import { afterEach, beforeEach, expect, test } from "bun:test";
import { FakeCluster } from "@ais/client/testing/fake-cluster.fixture.ts";
import { cli } from "./testing/run-cli.fixture.ts";

let cluster: FakeCluster;

beforeEach(async () => {
  cluster = await FakeCluster.start();
});

afterEach(() => cluster[Symbol.asyncDispose]());

function ais(words: readonly string[]) {
  return cli(words, { env: { AIS_ENDPOINT: cluster.endpoint } });
}

test("show storage has a line for each mountpath, and says what is wrong", async () => {
  cluster.nodeStatus = {
    status: "",
    cluster: { flags: 6 },
    capacity: {
      cs_err: "out of space: 96%",
      mountpaths: {
        "/m1": {
          fs: { Fs: "/dev/a", FsType: "xfs", FsID: "1,2" },
          used: "3072",
          avail: "1024",
          pct_used: 75,
        },
        "/m2": { fs: { Fs: "/dev/b", FsType: "xfs", FsID: "1,3" }, used: "960", avail: "40", pct_used: 96 },
      },
    },
  };
  const { out } = await ais(["show", "storage", "t[t1]"]);
  expect(out).toContain("t[t1]    /m1         75%       3.00KiB   1.00KiB   /dev/a(xfs)\n");
  expect(out).toContain("t[t1]    /m2         96% ");
  expect(out).toContain("t[t1]: out of space: 96%\n");
  expect((await ais(["show", "storage", "nobody"])).status).toBe(2);
  expect(JSON.parse((await ais(["show", "storage", "--json"])).out)).toHaveProperty("t1");
});
