import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { AisError, isAisError } from "@ais/base/errors.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { type Bmd, listBuckets, withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import { defaultClusterConfig } from "@ais/wire/cluster-config.ts";
import { applyConfigPatch } from "@ais/wire/config-patch.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { SNODE_FLAGS } from "@ais/wire/smap.ts";
import { nodeKey } from "./cluster-keys.ts";
import {
  eventually,
  type RunningMember,
  smapText,
  TestCluster,
  testNode,
  untilSmap,
} from "./fixtures/test-cluster.ts";
import { SPAN } from "./span-names.ts";

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster();
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

function addBucket(name: string): (bmd: Bmd) => Bmd {
  return (bmd) => {
    const bucket = aisBucket(name);
    return withBucket(
      bmd,
      bucket,
      defaultBprops(defaultClusterConfig(), { bid: BigInt(bmd.version), createdNs: 1n }),
    );
  };
}

function bucketNames(bmd: Bmd): readonly string[] {
  return listBuckets(bmd).map(({ bucket }) => bucket.name);
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

describe("joining and leaving", () => {
  test("the first proxy makes the cluster and leads it", async () => {
    const config = { ...defaultClusterConfig(), features: "7" };
    const { member, tracing } = await cluster.start(testNode("proxy", "p1"), {
      clusterUuid: "givenUuid",
      initialConfig: config,
    });
    const { smap, bmd, config: seen } = member.snapshot;
    expect(member.isPrimary).toBe(true);
    expect(smap).toMatchObject({
      uuid: "givenUuid",
      version: "1",
      proxy_si: testNode("proxy", "p1"),
      tmap: {},
    });
    expect(smap.creation_time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(seen).toMatchObject({ uuid: "givenUuid", config_version: "1", features: "7" });
    expect(seen.lastupdate_time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+0000 UTC$/);
    expect(bmd.version).toBe("1");
    expect(bmd.uuid).toMatch(/^[A-Za-z][A-Za-z0-9]{11}$/);
    const wanted = [SPAN.clusterCreate, SPAN.membershipJoin, SPAN.electionWon, SPAN.membershipChange];
    expect(tracing.spans.map(({ name }) => name)).toEqual(wanted);
    expect(tracing.spans.every(({ ended, parent }) => ended && parent === null)).toBe(true);
    expect(tracing.named(SPAN.membershipChange)[0]?.attributes).toMatchObject({
      "ais.smap.version": "1",
      "ais.smap.added": ["p1"],
      "ais.smap.primary": "p1",
    });
  });

  test("a target that is first waits for a proxy; everybody ends with the same Smap", async () => {
    const early = await cluster.create(testNode("target", "t1"));
    expect(early.member.isReady).toBe(false);
    const proxy = await cluster.start(testNode("proxy", "p1"));
    await early.member.ready(AbortSignal.timeout(5000));
    const late = await cluster.start(testNode("target", "t2"));
    for (const { member } of [early, proxy, late]) await untilSmap(member, "p1* t1 t2");
    expect(early.member.snapshot.smap).toEqual(proxy.member.snapshot.smap);
    expect(late.member.snapshot.smap).toEqual(proxy.member.snapshot.smap);
    expect(proxy.member.snapshot.smap.version).toBe("3");
    expect(early.member.isPrimary).toBe(false);
  });

  test("a graceful leave takes effect at once, although the lease has a minute to go", async () => {
    const proxy = await cluster.start(testNode("proxy", "p1"));
    const target = await cluster.start(testNode("target", "t1"));
    await target.stop();
    await untilSmap(proxy.member, "p1*", 1000);
    expect(target.tracing.named(SPAN.membershipLeave)).toHaveLength(1);
    expect(proxy.tracing.named(SPAN.membershipChange).at(-1)?.attributes["ais.smap.removed"]).toEqual(["t1"]);
  });

  test("the primary leaves and the other proxy takes over; a non-electable one never does", async () => {
    const first = await cluster.start(testNode("proxy", "p1"));
    const reserved = { ...testNode("proxy", "p0", 2), flags: SNODE_FLAGS.nonElectable };
    const never = await cluster.start(reserved);
    const second = await cluster.start(testNode("proxy", "p2", 3));
    const target = await cluster.start(testNode("target", "t1", 4));
    await first.stop();
    expect(first.member.isPrimary).toBe(false);
    expect(first.tracing.named(SPAN.electionLost)[0]?.attributes["ais.reason"]).toBe("leaving");
    await untilSmap(target.member, "p0 p2* t1", 1500);
    expect([second.member.isPrimary, never.member.isPrimary, target.member.isPrimary]).toEqual([
      true,
      false,
      false,
    ]);
    await second.stop();
    expect(never.member.isPrimary).toBe(false);
    expect(target.member.isReady).toBe(true);
  });

  test("a whole cluster restarts: version and identity go on, and readiness waits for the living primary", async () => {
    const before = await cluster.start(testNode("proxy", "p1"));
    const oldTarget = await cluster.start(testNode("target", "t1", 2));
    await untilSmap(before.member, "p1* t1");
    await before.stop();
    await oldTarget.stop();
    const target = await cluster.create(testNode("target", "t1", 2));
    expect(smapText(target.member.snapshot.smap)).toBe("p1* t1");
    await eventually(
      () => target.tracing.named(SPAN.membershipJoin).length === 1,
      () => "the target did not join",
    );
    expect(target.member.isReady).toBe(false);
    const proxy = await cluster.start(testNode("proxy", "p2", 3));
    await target.member.ready(AbortSignal.timeout(5000));
    await untilSmap(proxy.member, "p2* t1");
    expect(proxy.member.snapshot.smap.uuid).toBe(before.member.snapshot.smap.uuid);
    expect(proxy.member.snapshot.smap.creation_time).toBe(before.member.snapshot.smap.creation_time);
    expect(Number(proxy.member.snapshot.smap.version)).toBeGreaterThan(
      Number(before.member.snapshot.smap.version),
    );
  });

  test("a node that comes back on another port replaces its record", async () => {
    const proxy = await cluster.start(testNode("proxy", "p1"));
    const first = await cluster.start(testNode("target", "t1", 2001));
    await first.stop();
    await cluster.start(testNode("target", "t1", 2002));
    await eventually(
      () => proxy.member.snapshot.smap.tmap["t1"]?.public_net.daemon_port === "2002",
      () => encodeJson(proxy.member.snapshot.smap),
    );
  });

  test("a node that comes back on its port while its old lease lives takes over without a change of the Smap", async () => {
    const proxy = await cluster.start(testNode("proxy", "p1"));
    const first = await cluster.start(testNode("target", "t1", 2001));
    await untilSmap(proxy.member, "p1* t1");
    const { version } = proxy.member.snapshot.smap;
    first.link.cut();
    const second = await cluster.start(testNode("target", "t1", 2001));
    expect(second.member.isReady).toBe(true);
    expect(proxy.member.snapshot.smap.version).toBe(version);
  });

  test("a process whose id was taken over gives up", async () => {
    await cluster.start(testNode("proxy", "p1"));
    const first = await cluster.start(testNode("target", "t1", 2001), { leaseTtlMs: 300 });
    await cluster.start(testNode("target", "t1", 2001));
    const error = await failure(first.running);
    expect(isAisError(error, "conflict")).toBe(true);
    expect(String(error)).toContain("another process has registered as t[t1]");
  });

  test("a second live node with the same id is refused", async () => {
    const ttl = { leaseTtlMs: 1_000 };
    const proxy = await cluster.start(testNode("proxy", "p1"), ttl);
    await cluster.start(testNode("target", "same", 2001), ttl);
    const second = await cluster.create(testNode("target", "same", 2002), ttl);
    const error = await failure(second.member.ready(AbortSignal.timeout(25_000)));
    expect(isAisError(error, "conflict")).toBe(true);
    expect(String(error)).toContain(
      'node id "same" is in use by a live node at http://127.0.0.1:2001, this node is at http://127.0.0.1:2002',
    );
    expect(await failure(second.running)).toBe(error);
    expect(proxy.member.snapshot.smap.tmap["same"]?.public_net.daemon_port).toBe("2001");
  }, 30_000);

  test("ready rejects when its signal aborts first", async () => {
    const { member } = await cluster.create(testNode("target", "t1"));
    expect((await failure(member.ready(AbortSignal.timeout(30)))) as Error).toHaveProperty(
      "name",
      "TimeoutError",
    );
  });
});

describe("refusing to start", () => {
  const refused = async (options: object, code: AisError["code"], message: RegExp): Promise<void> => {
    const error = await failure(cluster.create(testNode("target", "t9", 9), options));
    expect(isAisError(error, code)).toBe(true);
    expect(String(error)).toMatch(message);
  };

  test("on an empty coordinator with data of a cluster, or on the coordinator of another", async () => {
    await refused(
      { expectedClusterUuid: "mine" },
      "conflict",
      /holds data of cluster "mine".*coordinator is empty/,
    );
    const link = await cluster.open();
    expect(await link.list("")).toEqual([]);
    const proxy = await cluster.start(testNode("proxy", "p1"), { clusterUuid: "theirs" });
    await refused({ expectedClusterUuid: "mine" }, "conflict", /"mine".*coordinator is of cluster "theirs"/);
    await cluster.start(testNode("target", "t1"), { expectedClusterUuid: "theirs" });
    await untilSmap(proxy.member, "p1* t1");
  });

  test.each([
    ["layout", '{"version":2}', "unsupported", /layout version 2, this program reads up to 1/],
    ["layout", "nonsense", "internal", /"layout" is malformed/],
    ["bmd", '{"version":3}', "internal", /cluster document "bmd" is malformed/],
    ["config", "{", "internal", /cluster document "config" is malformed/],
    ["smap", "[]", "internal", /cluster document "smap" is malformed/],
  ] as const)("when %s is %s", async (key, value, code, message) => {
    const first = await cluster.start(testNode("proxy", "p1"));
    await first.stop();
    await (await cluster.open()).put(key, value, "any");
    await refused({}, code, message);
  });
});

describe("documents", () => {
  let proxies: readonly RunningMember[];
  beforeEach(async () => {
    proxies = [
      await cluster.start(testNode("proxy", "p1", 1)),
      await cluster.start(testNode("proxy", "p2", 2)),
    ];
  });

  test("updates of several members race and none is lost", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `bucket-${i}`);
    await Promise.all(
      names.map(async (name, i) => {
        const after = await proxies[i % 2]?.member.updateBmd(addBucket(name), NOOP_SPAN);
        expect(after === undefined ? [] : bucketNames(after.bmd)).toContain(name);
      }),
    );
    for (const { member } of proxies) {
      const { bmd } = await member.refresh("bmd", NOOP_SPAN);
      expect([...bucketNames(bmd)].sort()).toEqual([...names].sort());
      expect(bmd.version).toBe("41");
    }
  });

  test("a change reaches the other members, each told once and in order", async () => {
    const [writer, reader] = proxies;
    const seen: number[] = [];
    const unsubscribe = reader?.member.onChange(({ document, before, after }) => {
      seen.push(document === "bmd" && after.bmd !== before.bmd ? Number(after.bmd.version) : Number.NaN);
    });
    for (let i = 0; i < 5; i++) {
      await writer?.member.updateBmd(addBucket(`b${i}`), NOOP_SPAN);
      if (i === 2) await reader?.member.refresh("bmd", NOOP_SPAN);
    }
    await eventually(
      () => seen.includes(6),
      () => seen.join(),
    );
    // The refresh may have run ahead of the watch, which then passes over what is known.
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen).toContain(4);
    unsubscribe?.();
    await writer?.member.updateBmd(addBucket("later"), NOOP_SPAN);
    await reader?.member.refresh("bmd", NOOP_SPAN);
    expect(seen.at(-1)).toBe(6);
  });

  test("config: version and time move on, the UUID cannot be changed", async () => {
    const [writer, reader] = proxies;
    const before = writer?.member.snapshot.config;
    const after = await writer?.member.updateConfig(
      (config) => ({ ...config, uuid: "other", config_version: "77", features: "5" }),
      NOOP_SPAN,
    );
    expect(after?.config).toMatchObject({ uuid: before?.uuid, config_version: "2", features: "5" });
    await reader?.member.refresh("config", NOOP_SPAN);
    expect(encodeJson(reader?.member.snapshot.config)).toBe(encodeJson(after?.config));
  });

  test("a change that does nothing or throws leaves everything as it is", async () => {
    const [writer] = proxies;
    const before = writer?.member.snapshot.bmd;
    await writer?.member.updateBmd(() => null, NOOP_SPAN);
    const refusal = new AisError("bucketExists", "there is one");
    const update = writer?.member.updateBmd(() => {
      throw refusal;
    }, NOOP_SPAN);
    expect(await failure(update ?? Promise.resolve())).toBe(refusal);
    const after = await writer?.member.refresh("bmd", NOOP_SPAN);
    expect(after?.bmd === before).toBe(true);
  });

  test("refresh and update are children of the request's span", async () => {
    const [writer] = proxies;
    const request = writer?.tracing.startServer("PUT /v1/x");
    if (writer === undefined || request === undefined) throw new Error("there are two proxies");
    await writer.member.updateBmd(addBucket("traced"), request);
    await writer.member.refresh("bmd", request);
    expect(writer.tracing.named(SPAN.coordinatorUpdate)).toMatchObject([
      {
        parent: "PUT /v1/x",
        ended: true,
        failed: null,
        attributes: { "ais.document": "bmd", "ais.document.version": "2", "ais.document.changed": true },
      },
    ]);
    expect(writer.tracing.named(SPAN.coordinatorGet)).toMatchObject([
      { parent: "PUT /v1/x", ended: true, attributes: { "ais.document.changed": false } },
    ]);
    writer.link.cut();
    expect(isAisError(await failure(writer.member.refresh("bmd", request)), "unavailable")).toBe(true);
    expect(writer.tracing.named(SPAN.coordinatorGet)[1]).toMatchObject({
      failed: "unavailable",
      ended: true,
    });
  });

  test("a writer keeps the very document that the others read", async () => {
    const [writer, reader] = proxies;
    if (writer === undefined || reader === undefined) throw new Error("two proxies are needed");
    await writer.member.updateBmd(addBucket("abc"), NOOP_SPAN);
    await writer.member.updateConfig((config) => applyConfigPatch(config, { "log.level": "4" }), NOOP_SPAN);
    for (const document of ["bmd", "config"] as const) {
      await reader.member.refresh(document, NOOP_SPAN);
      expect(writer.member.snapshot[document]).toStrictEqual(reader.member.snapshot[document]);
    }
    expect(reader.member.snapshot.config.log.level).toBe("4");
  });

  test("a malformed document does not replace a good one, a malformed node record stays out of the Smap", async () => {
    const [writer] = proxies;
    const coordinator = await cluster.open();
    await coordinator.put(nodeKey("bad"), "rubbish", "any");
    await coordinator.put(nodeKey("alias"), encodeJson(testNode("target", "other")), "any");
    const target = await cluster.start(testNode("target", "t1", 3));
    await untilSmap(target.member, "p1* p2 t1");
    await coordinator.put("bmd", "rubbish", "any");
    const error = await failure(writer?.member.refresh("bmd", NOOP_SPAN) ?? Promise.resolve());
    expect(isAisError(error, "internal")).toBe(true);
    expect(writer?.member.snapshot.bmd.version).toBe("1");
  });
});
