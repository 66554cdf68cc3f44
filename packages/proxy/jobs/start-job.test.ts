/** What open jobs may weigh, since every node holds what they are to do. */
import { expect, test } from "bun:test";
import { NO_STATS, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import { actMsg } from "@ais/wire/act-msg.ts";
import { fakeNode } from "../fixtures/fake-member.ts";
import { FakeProxy, jsonOf } from "../fixtures/fake-proxy.ts";

const NAME_CHARS = 1000;
const NAMES = 26_000;

test("long lists of names are refused while others of them are open, and taken when these have ended", async () => {
  const proxy = await FakeProxy.create();
  const { jobs } = proxy.services;
  const objnames = Array.from({ length: NAMES }, (_, index) => String(index).padStart(NAME_CHARS, "n"));
  const start = () =>
    proxy.send("DELETE", "/v1/buckets/nnn", { body: actMsg("delete-listrange", { objnames }) });
  const first = await start();
  expect([first.status, (await start()).status]).toEqual([200, 200]);
  const refused = await start();
  expect(refused.status).toBe(429);
  expect(jsonOf(refused)).toMatchObject({ message: expect.stringContaining("too much is to be done") });
  // Small ones are not in the way.
  const small = actMsg("delete-listrange", { objnames: ["a"] });
  expect((await proxy.send("DELETE", "/v1/buckets/nnn", { body: small })).status).toBe(200);
  const [oldest] = jobs.list();
  const before = jobs.sizeChars;
  await jobs.update(oldest?.record.id ?? "", (current) => ({
    ...current,
    args: null,
    end: { timeNs: "5", aborted: false, error: "" },
  }));
  expect(before - jobs.sizeChars).toBeGreaterThan(NAMES * NAME_CHARS);
  expect((await start()).status).toBe(200);
}, 30_000);

test("a job that must be whole stops when a target came that its proxy did not know of", async () => {
  const proxy = await FakeProxy.create();
  const { member } = proxy;
  const { jobs } = proxy.services;
  const { smap } = member.coordinated;
  const late = fakeNode("target-late", "target", "http://127.0.0.1:1", 9n);
  const tmap = { ...smap.tmap, "target-late": late };
  member.coordinated = { ...member.coordinated, smap: { ...smap, tmap, version: "8" } };
  const body = actMsg("delete-listrange", { objnames: ["a"] });
  expect((await proxy.send("DELETE", "/v1/buckets/nnn", { body })).status).toBe(200);
  expect(jobs.list()[0]?.record.stop?.reason).toBe("t[target-late] came when the job began");
  // It is known now.
  expect((await proxy.send("DELETE", "/v1/buckets/nnn", { body })).status).toBe(200);
  expect(jobs.list()[1]?.record).toMatchObject({ stop: null });
});

test("what is forgotten weighs nothing", async () => {
  const { jobs } = (await FakeProxy.create()).services;
  expect(jobs.sizeChars).toBe(0);
  const record = {
    id: "one",
    kind: "lru",
    from: null,
    to: null,
    description: "",
    args: null,
    startedNs: "1",
    startedBy: "p",
    trace: null,
    targets: ["t"],
    stop: null,
    end: null,
  } as const;
  await jobs.create({ ...record, targets: [...record.targets] });
  const weight = jobs.sizeChars;
  expect(weight).toBeGreaterThan(0);
  const share = { nodeId: "t", state: "done", startedNs: "1", endedNs: "2", runs: 1 } as const;
  const left = { stats: NO_STATS, ahead: NOTHING_AHEAD, cursor: "", waitingFor: "", error: "", result: null };
  await jobs.putShare("one", { ...share, ...left });
  expect(jobs.sizeChars).toBeGreaterThan(weight);
  await jobs.remove("one");
  expect(jobs.sizeChars).toBe(0);
});
