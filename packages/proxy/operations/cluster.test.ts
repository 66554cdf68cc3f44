import { describe, expect, test } from "bun:test";
import { actMsg } from "@ais/wire/act-msg.ts";
import { SNODE_FLAGS } from "@ais/wire/smap.ts";
import { fakeNode } from "../fixtures/fake-member.ts";
import { FakeProxy, headerOf, jsonOf, textOf } from "../fixtures/fake-proxy.ts";
import { FakeTarget } from "../fixtures/fake-target.ts";

async function cluster(stack: AsyncDisposableStack) {
  const targets = [stack.use(new FakeTarget("target-one", [])), stack.use(new FakeTarget("target-two", []))];
  const proxy = await FakeProxy.create({ targets: targets.map((target) => target.node) });
  return { proxy, targets };
}

describe("changes of metadata", () => {
  test("every other node has confirmed the new version when the reply goes out", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy, targets } = await cluster(stack);
    await proxy.send("POST", "/v1/buckets/abc", { body: actMsg("create-bck") });
    await proxy.send("PUT", "/v1/cluster/set-config?log.level=4");
    for (const target of targets) {
      expect(target.seen.map((request) => `${request.method} ${request.pathAndQuery}`)).toEqual([
        "POST /v1/intra/sync?document=bmd&version=6",
        "POST /v1/intra/sync?document=config&version=2",
      ]);
    }
  });

  test("a node that does not confirm does not undo the change", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy, targets } = await cluster(stack);
    if (targets[0]) targets[0].failure = () => new Response(null, { status: 503 });
    expect((await proxy.send("POST", "/v1/buckets/abc", { body: actMsg("create-bck") })).status).toBe(200);
    expect((await proxy.send("HEAD", "/v1/buckets/abc")).status).toBe(200);
  });
});

describe("cluster.set-config", () => {
  const config = async (proxy: FakeProxy) =>
    jsonOf(await proxy.send("GET", "/v1/cluster?what=cluster_config")) as Record<
      string,
      Record<string, unknown>
    >;

  test("dotted names, several at once", async () => {
    const proxy = await FakeProxy.create({ targets: [] });
    const query =
      "tracing.enabled=true&tracing.exporter_endpoint=localhost:4317&tracing.sampler_probablity=0.5";
    expect((await proxy.send("PUT", `/v1/cluster/set-config?${query}`)).status).toBe(200);
    expect((await config(proxy))["tracing"]).toMatchObject({
      enabled: true,
      exporter_endpoint: "localhost:4317",
      sampler_probability: "0.5",
    });
  });

  test("a nested message, and a reset that concerns nodes alone", async () => {
    const proxy = await FakeProxy.create({ targets: [] });
    const set = await proxy.send("PUT", "/v1/cluster", {
      body: actMsg("set-config", { log: { level: "4" } }),
    });
    expect(set.status).toBe(200);
    expect((await config(proxy))["log"]).toMatchObject({ level: "4" });
    expect((await proxy.send("PUT", "/v1/daemon/set-config?log.level=5")).status).toBe(200);
    expect((await proxy.send("PUT", "/v1/cluster", { body: actMsg("reset-config") })).status).toBe(200);
    expect((await config(proxy))["log"]).toMatchObject({ level: "4" });
    expect(proxy.services.nodeConfig.inForce.log.level).toBe("4");
  });

  test.each([
    ["/v1/cluster/set-config?tracing.enabled=true", 400, "exporter_endpoint"],
    ["/v1/cluster/set-config?tracing.sampler_probability=often", 400, "from 0 to 1"],
    ["/v1/cluster/set-config?no.such=1", 400, "no.such"],
    ["/v1/cluster/set-config", 400, "no settings"],
    ["/v1/cluster/set-config?tracing.enabled=false&transient=true", 501, "tracing.enabled"],
    ["/v1/cluster/set-config?mirror.copies=3&transient=true", 400, "mirror.copies"],
    ["/v1/cluster/attach?what=remote", 501, "attach"],
    ["/v1/cluster/nonsense", 400, "nonsense"],
  ])("PUT %s is %d and changes nothing", async (path, status, text) => {
    const proxy = await FakeProxy.create({ targets: [] });
    const reply = await proxy.send("PUT", path);
    expect([reply.status, textOf(reply)]).toEqual([status, expect.stringContaining(text)]);
    expect(proxy.member.snapshot.config.config_version).toBe("1");
  });

  test.each([
    ["start", 400],
    ["rotate-logs", 200],
    ["reset-stats", 400],
    ["clear-lcache", 501],
    ["rm-unsafe", 400],
    ["start-maintenance", 400],
    ["create-bck", 400],
    ["", 400],
  ])("action %j is %d", async (action, status) => {
    const proxy = await FakeProxy.create({ targets: [] });
    expect((await proxy.send("PUT", "/v1/cluster", { body: actMsg(action) })).status).toBe(status);
  });
});

describe("an action for every node", () => {
  test.each([
    ["in service", 0, 503],
    ["in maintenance", SNODE_FLAGS.maintenance, 200],
  ])("with a node %s that does not answer, the others do it", async (_, flags, status) => {
    await using stack = new AsyncDisposableStack();
    const target = stack.use(new FakeTarget("target-one", []));
    const away = { ...fakeNode("target-two", "target", "http://127.0.0.1:1", 2n), flags };
    const proxy = await FakeProxy.create({ targets: [target.node, away] });
    const reply = await proxy.send("PUT", "/v1/cluster", { body: actMsg("reset-stats", false) });
    expect(reply.status).toBe(status);
    expect(target.seen.map(({ method, pathAndQuery }) => `${method} ${pathAndQuery}`)).toEqual([
      "PUT /v1/daemon",
    ]);
  });
});

describe("daemon.set-config", () => {
  test("is this proxy's own, and leaves the cluster's configuration as it is", async () => {
    const proxy = await FakeProxy.create({ targets: [] });
    for (const path of ["/v1/daemon/set-config", "/v1/reverse/daemon/set-config"]) {
      const headers = { "ais-node-id": proxy.member.self.daemon_id };
      const set = (query: string) => proxy.send("PUT", `${path}?${query}`, { headers });
      expect((await set("log.level=5&transient=true")).status).toBe(200);
      expect((await set("space.lowwm=70")).status).toBe(200);
      const refused = await set("mirror.copies=3");
      expect([refused.status, textOf(refused)]).toEqual([400, expect.stringContaining("of the cluster")]);
      expect((await set("no.such=1")).status).toBe(400);
    }
    expect(proxy.member.snapshot.config.config_version).toBe("1");
    const own = jsonOf(await proxy.send("GET", "/v1/daemon?what=config"));
    expect(own).toMatchObject({ space: { lowwm: 70 }, config_version: "1" });
  });
});

describe("cluster.get", () => {
  test("statistics of all nodes keep integers beyond 2^53", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy } = await cluster(stack);
    const stats = await proxy.send("GET", "/v1/cluster?what=node_stats");
    expect(stats.status).toBe(200);
    expect(textOf(stats)).toContain('"target-two":{"what":"node_stats","big":18446744073709551615}');
    expect(jsonOf(stats)).toMatchObject({ proxy: { snode: { daemon_id: "proxy-one" } } });
    const sysinfo = jsonOf(await proxy.send("GET", "/v1/cluster?what=sysinfo")) as Record<string, object>;
    expect(Object.keys(sysinfo["proxy"] ?? {})).toEqual(["proxy-one"]);
    expect(Object.keys(sysinfo["target"] ?? {})).toEqual(["target-one", "target-two"]);
    const mountpaths = jsonOf(await proxy.send("GET", "/v1/cluster?what=mountpaths")) as Record<
      string,
      object
    >;
    expect(Object.keys(mountpaths["targets"] ?? {})).toEqual(["target-one", "target-two"]);
  });

  test.each([
    ["backends", "[]"],
    ["remote", '{"a":[],"ver":0}'],
    ["status_all", "[]"],
    ["running_all", "[]"],
    ["qryxstats", '{"target-one":[],"target-two":[]}'],
    ["target_ips", "127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1"],
  ])("what=%s is %s", async (what, expected) => {
    await using stack = new AsyncDisposableStack();
    const { proxy } = await cluster(stack);
    const reply = await proxy.send("GET", `/v1/cluster?what=${what}`, { body: '{"Kind":"lru","Bck":null}' });
    expect([reply.status, textOf(reply).trimEnd()]).toEqual([200, expected]);
  });

  test("a job that does not exist is 404, an unknown question 400", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy } = await cluster(stack);
    for (const what of ["status", "qryxstats"]) {
      const reply = await proxy.send("GET", `/v1/cluster?what=${what}`, { body: '{"ID":"QhTJ9s3ab"}' });
      expect([reply.status, textOf(reply)]).toEqual([404, expect.stringContaining("QhTJ9s3ab")]);
    }
    expect((await proxy.send("GET", "/v1/cluster?what=weather")).status).toBe(400);
    expect((await proxy.send("GET", "/v1/cluster")).status).toBe(400);
  });

  test("the map keeps exact digests, and is the same by cluster and by node", async () => {
    const proxy = await FakeProxy.create();
    const [cluster, daemon] = [
      await proxy.send("GET", "/v1/cluster?what=smap"),
      await proxy.send("GET", "/v1/daemon?what=smap"),
    ];
    expect(textOf(cluster)).toContain(`"id_digest":${0x9999_aaaa_bbbb_ccccn}`);
    expect(textOf(daemon)).toBe(textOf(cluster));
  });
});

describe("reverse.daemon", () => {
  test("relays to the node and answers for itself", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy, targets } = await cluster(stack);
    const relayed = await proxy.send("GET", "/v1/reverse/daemon?what=disk&traceparent=00-x", {
      headers: { "ais-node-id": "target-two" },
    });
    expect([relayed.status, textOf(relayed)]).toEqual([200, expect.stringContaining('"what":"disk"')]);
    expect(targets[1]?.seen[0]?.pathAndQuery).toBe("/v1/daemon?what=disk");
    const own = await proxy.send("GET", "/v1/reverse/daemon?what=snode", {
      headers: { "ais-node-id": "proxy-one" },
    });
    expect(jsonOf(own)).toMatchObject({ daemon_id: "proxy-one" });
  });

  test("a node's own status, body and path items go through", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy, targets } = await cluster(stack);
    const reply = await proxy.send("POST", "/v1/reverse/daemon/mountpaths?x=1", {
      headers: { "ais-node-id": "target-one" },
      body: actMsg("enable-mp", "/data"),
    });
    expect(reply.status).toBe(400);
    expect(textOf(reply)).toBe("not a call of a proxy");
    expect(targets[0]?.seen[0]).toMatchObject({ method: "POST", pathAndQuery: "/v1/daemon/mountpaths?x=1" });
    expect(JSON.parse(targets[0]?.seen[0]?.body ?? "")).toMatchObject({
      action: "enable-mp",
      value: "/data",
    });
  });

  test("without an id 400, with an unknown one 404, to a dead node 503", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy, targets } = await cluster(stack);
    const missing = await proxy.send("GET", "/v1/reverse/daemon?what=smap");
    expect([missing.status, textOf(missing)]).toEqual([400, expect.stringContaining("missing node ID")]);
    const unknown = await proxy.send("GET", "/v1/reverse/daemon", { headers: { "ais-node-id": "nobody" } });
    expect(jsonOf(unknown)).toMatchObject({ status: 404, tcode: "errNodeNotFound" });
    await targets[0]?.[Symbol.asyncDispose]();
    const dead = await proxy.send("GET", "/v1/reverse/daemon", { headers: { "ais-node-id": "target-one" } });
    expect(dead.status).toBe(503);
  });
});

describe("health.get", () => {
  test.each([
    ["", true, 200],
    ["?readiness=true", true, 200],
    ["?prr=true", true, 200],
    ["?apr=true", true, 200],
    ["?cii=true", true, 200],
    ["?cii-apr=true", true, 200],
    ["", false, 200],
    ["?cii=true", false, 200],
    ["?apr=true", false, 400],
    ["?cii-apr=true", false, 400],
    ["?cii-apr=true&cii=true", true, 400],
    ["?prr=true&cii=true", true, 400],
  ])("%j on a primary: %p answers %d", async (query, isPrimary, status) => {
    const proxy = await FakeProxy.create({ targets: [] });
    proxy.member.isPrimary = isPrimary;
    const reply = await proxy.send("GET", `/v1/health${query}`);
    expect(reply.status).toBe(status);
    if (status === 200) expect(headerOf(reply, "ais-node-uptime")).toMatch(/^\d+$/);
    if (status === 200 && query.includes("cii")) expect(jsonOf(reply)).toMatchObject({ flags: 6 });
  });

  test("a node that is not in the cluster yet is alive and not ready", async () => {
    const proxy = await FakeProxy.create({ targets: [] });
    proxy.member.isReady = false;
    expect((await proxy.send("GET", "/v1/health")).status).toBe(200);
    expect((await proxy.send("GET", "/v1/health?readiness=true")).status).toBe(503);
    expect((await proxy.send("GET", "/v1/health?prr=true")).status).toBe(503);
  });

  test("another proxy asks the primary whether it is ready", async () => {
    await using stack = new AsyncDisposableStack();
    const primary = stack.use(new FakeTarget("proxy-two", []));
    const proxy = await FakeProxy.create({ targets: [] });
    proxy.member.isPrimary = false;
    const smap = { ...proxy.member.snapshot.smap, proxy_si: primary.node };
    proxy.member.snapshot = { ...proxy.member.snapshot, smap };
    primary.failure = () => new Response(null);
    expect((await proxy.send("GET", "/v1/health?prr=true")).status).toBe(200);
    primary.failure = () => new Response(null, { status: 503 });
    expect((await proxy.send("GET", "/v1/health?prr=true")).status).toBe(503);
    expect(primary.seen[0]?.pathAndQuery).toBe("/v1/health?prr=true");
  });
});

test("a proxy tells at /metrics which one leads", async () => {
  const proxy = await FakeProxy.create();
  const reply = await proxy.send("GET", "/metrics");
  const lines = textOf(reply).split("\n");
  const primary = proxy.member.snapshot.smap.proxy_si?.daemon_id;
  const line = lines.find((each) => each.startsWith("ais_node_primary_info{"));
  expect(line).toContain(`primary_id="${primary}"`);
  expect(line).toContain('node_id="proxy-one"');
  expect(line).toEndWith(" 1");
});
