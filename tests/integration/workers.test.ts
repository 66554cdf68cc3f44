/** Nodes of two processes are one node: its objects, figures, traces, settings and its end, whichever process is asked. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { fetchAnew, isRunning, metric, until, workerPids } from "./workers.fixture.ts";

const SERVER = 2;
const OBJECTS = 40;
/** So many connections reach each of four processes: all but one in ten million times. */
const PROBES = 60;
const LIMIT_MS = 2_000;
const PATIENCE_MS = 20_000;

let collector: TestCollector;
let cluster: TestCluster;

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({ targets: 2, workers: 2, tracingEndpoint: collector.endpoint });
  await create("b");
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

async function create(bucket: string): Promise<void> {
  const reply = await fetchAnew(`${cluster.url}/v1/buckets/${bucket}`, {
    method: "POST",
    body: JSON.stringify({ action: "create-bck" }),
  });
  expect(reply.status).toBe(200);
}

const objectUrl = (name: string): string => `${cluster.url}/v1/objects/b/${name}`;
const contentOf = (n: number, version: number): Buffer =>
  Buffer.alloc(n % 2 === 0 ? 900 : 60_000, n + version);

async function put(name: string, body: Buffer): Promise<void> {
  const reply = await fetchAnew(objectUrl(name), { method: "PUT", body });
  expect([name, reply.status, await reply.text()]).toEqual([name, 200, ""]);
}

async function read(name: string): Promise<Buffer | number> {
  const reply = await fetchAnew(objectUrl(name));
  const body = Buffer.from(await reply.arrayBuffer());
  return reply.status === 200 ? body : reply.status;
}

async function listed(bucket: string, prefix: string): Promise<readonly string[]> {
  const child = Bun.spawn(
    [process.execPath, "apps/ais/main.ts", "ls", `ais://${bucket}`, "--prefix", prefix, "--name-only"],
    {
      env: { PATH: process.env["PATH"] ?? "", HOME: cluster.directory, AIS_ENDPOINT: cluster.url },
      stdin: "ignore",
    },
  );
  const text = await child.stdout.text();
  return text.split("\n").filter((line) => line.startsWith(prefix));
}

/** A PUT of which a target has the head and no body. */
async function beginPut(target: Daemon, name: string, sizeBytes: number): Promise<Socket> {
  const socket = createConnection(target.plan.port, "127.0.0.1");
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(
    `PUT /v1/objects/b/${name}?pid=${"p".repeat(8)}&utm=1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: ${sizeBytes}\r\n\r\n`,
  );
  return socket;
}

function replyOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(text));
  });
}

async function inFlight(target: Daemon): Promise<readonly string[]> {
  const reply = await fetchAnew(`${target.url}/v1/daemon?what=inflight`);
  const requests = (await reply.json()) as { readonly operation: string; readonly object: string }[];
  return requests.flatMap(({ operation, object }) => (operation === "object.put" ? [object] : [])).sort();
}

const aTarget = (): Daemon => must(cluster.targets[0], "a target");

test("what one process has acknowledged every process answers, and figures are those of all", async () => {
  const gets = await totals("get");
  const puts = await totals("put");
  const deletes = await totals("del");
  for (let n = 0; n < OBJECTS; n++) {
    const name = `seen-${String(n).padStart(2, "0")}`;
    expect(await read(name)).toBe(404);
    for (const version of [1, 2]) {
      await put(name, contentOf(n, version));
      expect(await read(name)).toEqual(contentOf(n, version));
    }
    if (n % 4 !== 0) continue;
    expect((await fetchAnew(objectUrl(name), { method: "DELETE" })).status).toBe(200);
    expect(await read(name)).toBe(404);
  }
  const left = Array.from({ length: OBJECTS }, (_, n) => n).filter((n) => n % 4 !== 0);
  expect(await listed("b", "seen-")).toEqual(left.map((n) => `seen-${String(n).padStart(2, "0")}`));
  // A proxy redirects whether or not there is such an object.
  const [redirected = 0, found = 0] = gets;
  const missed = OBJECTS + OBJECTS / 4;
  const wanted = {
    get: [redirected + 2 * OBJECTS + missed, found + 2 * OBJECTS],
    put: puts.map((count) => count + 2 * OBJECTS),
    del: deletes.map((count) => count + OBJECTS / 4),
  } as const;
  // A request is counted when its reply has been sent.
  for (const kind of ["get", "put", "del"] as const)
    await until(`all ${kind} are counted`, async () => Bun.deepEquals(await totals(kind), wanted[kind]));
  // Scrapes land on any process too, and all of them say the same.
  for (let scrape = 0; scrape < 6; scrape++) {
    for (const kind of ["get", "put", "del"] as const) {
      expect(await totals(kind)).toEqual(wanted[kind]);
      expect(await totals(kind, trackedOf)).toEqual(wanted[kind]);
    }
  }
}, 60_000);

type Kind = "get" | "put" | "del";
type Role = "proxy" | "target";
type Count = (daemon: Daemon, role: Role, kind: Kind) => Promise<number>;

const scrapedOf: Count = (daemon, role, kind) => metric(daemon, `ais_${role}_${kind}_count{`);

const trackedOf: Count = async (daemon, _, kind) => {
  const stats = await (await fetchAnew(`${daemon.url}/v1/daemon?what=node_stats`)).json();
  return (stats as { tracker: Record<string, number> }).tracker[`${kind}.n`] ?? 0;
};

/** Of the proxy, and of the targets together. */
async function totals(kind: Kind, countOf = scrapedOf): Promise<readonly number[]> {
  const sums: number[] = [];
  for (const [role, daemons] of [
    ["proxy", cluster.proxies],
    ["target", cluster.targets],
  ] as const) {
    let sum = 0;
    for (const daemon of daemons) sum += await countOf(daemon, role, kind);
    sums.push(sum);
  }
  return sums;
}

test("both processes serve and export, as one instance, and every request is one trace", async () => {
  const id = await daemonId(aTarget());
  for (let n = 0; n < PROBES; n++) await put(`traced-${n}`, contentOf(n, 1));
  const servers = await collector.until(() => {
    const found = collector.spans.filter(
      ({ kind, attributes }) => kind === SERVER && String(attributes["ais.object"]).startsWith("traced-"),
    );
    return found.length >= 2 * PROBES ? found : null;
  });
  expect(servers.length).toBe(2 * PROBES);
  const byTrace = Map.groupBy(servers, ({ traceId }) => traceId);
  expect(byTrace.size).toBe(PROBES);
  for (const spans of byTrace.values()) {
    const proxy = must(
      spans.find(({ serviceName }) => serviceName.endsWith("-proxy")),
      "a proxy's span",
    );
    const target = must(
      spans.find(({ serviceName }) => serviceName.endsWith("-target")),
      "a target's span",
    );
    expect(target.parentSpanId).toBe(proxy.spanId);
  }
  const pids = (instance: unknown): ReadonlySet<unknown> =>
    new Set(
      servers
        .filter(({ resource }) => resource["service.instance.id"] === instance)
        .map(({ resource }) => resource["process.pid"]),
    );
  const processes = (daemon: Daemon): ReadonlySet<unknown> => new Set([daemon.pid, ...workerPids(daemon)]);
  expect(pids(id)).toEqual(processes(aTarget()));
  const proxy = must(cluster.proxies[0], "a proxy");
  expect(pids(await daemonId(proxy))).toEqual(processes(proxy));
}, 60_000);

async function daemonId(daemon: Daemon): Promise<string> {
  const reply = await fetchAnew(`${daemon.url}/v1/daemon?what=snode`);
  return ((await reply.json()) as { daemon_id: string }).daemon_id;
}

test("requests under way are shown whichever process has them, and counted as open writes", async () => {
  const target = aTarget();
  const names = Array.from({ length: 12 }, (_, n) => `hanging-${String(n).padStart(2, "0")}`);
  const sockets = await Promise.all(names.map((name) => beginPut(target, name, 100_000)));
  await until("all are under way", async () => (await inFlight(target)).length === names.length);
  for (let asked = 0; asked < 6; asked++) expect(await inFlight(target)).toEqual(names);
  const replies = sockets.map(replyOf);
  for (const socket of sockets) socket.write(Buffer.alloc(50_000));
  await until(
    "all are written to files",
    async () => (await metric(target, "ais_target_storage_open_writes{")) === names.length,
  );
  for (const socket of sockets) socket.write(Buffer.alloc(50_000));
  for (const reply of await Promise.all(replies)) expect(reply).toStartWith("HTTP/1.1 200 ");
  await until("none is under way", async () => (await inFlight(target)).length === 0);
  expect(await metric(target, "ais_target_storage_open_writes{")).toBe(0);
}, 60_000);

test("the tail of finished requests has those of all processes", async () => {
  const stop = new AbortController();
  const reply = await fetchAnew(`${cluster.url}/v1/trace/tail?op=object.put`, { signal: stop.signal });
  let text = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of reply.body ?? []) text += decoder.decode(chunk);
  })().catch(() => {});
  // Of proxy and target.
  const areTold = (names: readonly string[]) => names.every((name) => seen(text, name).size === 2);
  // Watching begins a moment after the reply does, in every process of every node.
  let round = 0;
  await until("the tail has begun in all processes", async () => {
    const probes = Array.from({ length: PROBES }, (_, n) => `probe-${round}-${n}`);
    round++;
    for (const name of probes) await put(name, contentOf(1, 1));
    await until("these were told", () => areTold(probes), 1_000).catch(() => {});
    return areTold(probes);
  });
  const names = Array.from({ length: OBJECTS }, (_, n) => `tail-${n}`);
  for (const [n, name] of names.entries()) await put(name, contentOf(n, 3));
  await until("all were told", () => areTold(names));
  stop.abort();
  await reading;
}, 60_000);

/** The nodes that have told of a request for this object. */
function seen(text: string, name: string): ReadonlySet<string> {
  const lines = text.split("\n").filter((line) => line.includes(`"object":"${name}"`));
  return new Set(lines.map((line) => (JSON.parse(line) as { node: string }).node));
}

test("a changed setting is in force in every process within two seconds", async () => {
  const set = async (probability: string): Promise<void> => {
    const reply = await fetchAnew(
      `${cluster.url}/v1/cluster/set-config?tracing.sampler_probability=${probability}`,
      { method: "PUT" },
    );
    expect(reply.status).toBe(200);
  };
  const delaysMs: number[] = [];
  const follow = async (probability: "0" | "1"): Promise<void> => {
    const startedMs = performance.now();
    await set(probability);
    // Targets go by what the proxy has decided.
    const since = cluster.proxies.map((daemon) => untilTraced(daemon, probability === "1"));
    delaysMs.push(Math.max(...(await Promise.all(since))) - startedMs);
  };
  for (const probability of ["0", "1", "0"] as const) await follow(probability);
  for (let n = 0; n < OBJECTS; n++) await put(`dark-${n}`, contentOf(n, 1));
  await follow("1");
  expect(Math.max(...delaysMs)).toBeLessThan(LIMIT_MS);
  for (let n = 0; n < OBJECTS; n++) await put(`light-${n}`, contentOf(n, 1));
  const servers = (prefix: string) =>
    collector.spans.filter(
      ({ kind, attributes }) => kind === SERVER && String(attributes["ais.object"]).startsWith(prefix),
    );
  await collector.until(() => servers("light-").length === 2 * OBJECTS);
  expect(servers("dark-")).toEqual([]);
}, 60_000);

/** Resolves with the time since when every process of the node traces what comes to it, or none does. */
async function untilTraced({ plan, url }: Daemon, isWanted: boolean): Promise<number> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  let sinceMs = performance.now();
  for (let inTurn = 0; inTurn < PROBES; inTurn++) {
    const reply = await fetchAnew(`${url}/v1/objects/b/any`, { redirect: "manual" });
    await reply.arrayBuffer();
    const isTraced = (reply.headers.get("traceresponse") ?? "") !== "";
    if (isTraced === isWanted) continue;
    inTurn = -1;
    sinceMs = performance.now();
    if (sinceMs > deadlineMs) throw new Error(`${plan.name} does not follow`);
  }
  return sinceMs;
}

test("a setting of one node reaches its workers, also one that starts later, and their lines stand in its one log", async () => {
  const target = aTarget();
  const level = async (verbosity: string): Promise<void> => {
    const url = `${target.url}/v1/daemon/set-config?log.level=${verbosity}&transient=true`;
    expect((await fetchAnew(url, { method: "PUT" })).status).toBe(200);
  };
  const served = (prefix: string): readonly { readonly worker?: number }[] =>
    target.output
      .split("\n")
      .filter((line) => line.includes("served a request") && line.includes(`/${prefix}-`))
      .map((line) => JSON.parse(line) as { readonly worker?: number });
  const untilBothLog = async (prefix: string): Promise<void> => {
    let count = 0;
    await until("lines of both processes are there", async () => {
      await put(`${prefix}-${count++}`, contentOf(1, 1));
      return new Set(served(prefix).map(({ worker }) => worker)).size === 2;
    });
  };
  await level("5");
  await untilBothLog("logged");
  const before = workerPids(target);
  process.kill(before.at(-1) ?? 0, "SIGKILL");
  await until("there is another worker", async () => {
    const isStarted = workerPids(target).length > before.length;
    return isStarted && (await metric(target, "ais_target_workers{")) === 1;
  });
  await untilBothLog("later");
  await level("3");
}, 60_000);

test("a port that another daemon has is refused, though it would be shared", async () => {
  const { plan } = aTarget();
  const port = plan.args.find((flag) => flag.startsWith("--port="));
  const child = Bun.spawn(
    [
      plan.command,
      ...plan.args.map((arg) => (/\/mp|--config-dir/.test(arg) ? `${arg}-other` : arg)),
      "--daemon-id=anotherone",
    ],
    { env: { ...plan.env, HOME: plan.directory }, stdout: "pipe", stderr: "pipe" },
  );
  expect(await child.exited).toBe(1);
  expect(await child.stderr.text()).toContain(`failed to listen on 127.0.0.1:${port?.slice(7)}`);
}, 30_000);

test("a stop lets every process finish its requests and leaves none running", async () => {
  const target = aTarget();
  const pids = [target.pid, ...workerPids(target)].filter(isRunning);
  expect(pids).toHaveLength(2);
  const names = Array.from({ length: 12 }, (_, n) => `late-${String(n).padStart(2, "0")}`);
  const sockets = await Promise.all(names.map((name) => beginPut(target, name, 100_000)));
  await until("all are under way", async () => (await inFlight(target)).length === names.length);
  const replies = sockets.map(replyOf);
  const ended = target.end("SIGTERM");
  await Bun.sleep(700);
  for (const socket of sockets) socket.write(Buffer.alloc(100_000, 7));
  for (const reply of await Promise.all(replies)) expect(reply).toStartWith("HTTP/1.1 200 ");
  expect(await ended).toBe(0);
  expect(pids.map(isRunning)).toEqual([false, false]);
  expect(target.output).not.toContain("killed workers");
  target.start();
  await target.ready();
  await cluster.complete();
  // At their owners: the target had left the cluster map when the writes ended.
  for (const name of names) expect([name, await read(name)]).toEqual([name, Buffer.alloc(100_000, 7)]);
  // Spans of the last requests were flushed, the workers' too.
  await collector.until(
    () =>
      collector.spans.filter(
        ({ kind, attributes }) => kind === SERVER && String(attributes["ais.object"]).startsWith("late-"),
      ).length >=
      2 * names.length,
  );
}, 60_000);
