/** Whole nodes as processes: what only the composition of all parts can get wrong. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { CURL, curl } from "@ais/testkit/curl.ts";
import { clusterDirectory, type Directories, NodeProcess, runToEnd } from "./fixtures/node-process.ts";

const TIMEOUT_MS = 90_000;
const CREATE = { method: "POST", body: '{"action":"create-bck","name":"","value":null}' };

interface Listing {
  readonly entries: readonly { readonly name: string; readonly size?: string }[];
}

async function listNames(url: string): Promise<string[]> {
  const reply = await fetch(`${url}/v1/buckets/nnn`);
  expect(reply.status).toBe(200);
  return ((await reply.json()) as Listing).entries.map((entry) => entry.name);
}

async function smapOf(node: NodeProcess): Promise<{ readonly tmap: object }> {
  return (await fetch(`${node.url}/v1/cluster?what=smap`)).json() as Promise<{ readonly tmap: object }>;
}

/** Asks again and again; the test's own time limit ends it. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await Bun.sleep(10);
}

describe("a cluster of one proxy and two targets", () => {
  let directories: Directories;
  let proxy: NodeProcess;
  let targets: Map<string, NodeProcess>;

  beforeAll(async () => {
    directories = await clusterDirectory();
    // All at once: targets wait for the proxy that makes the cluster.
    const [first, ...others] = await Promise.all([
      NodeProcess.start(directories.proxyArgs("proxy-one")),
      NodeProcess.start(directories.targetArgs("target-one")),
      NodeProcess.start(directories.targetArgs("target-two")),
    ]);
    proxy = first;
    targets = new Map(others.map((target, index) => [index === 0 ? "target-one" : "target-two", target]));
    expect((await fetch(`${proxy.url}/v1/buckets/nnn`, CREATE)).status).toBe(200);
  }, TIMEOUT_MS);

  afterAll(async () => {
    for (const node of [...targets.values(), proxy]) await node.kill();
    await directories[Symbol.asyncDispose]();
  });

  test("objects go to both targets, and come back through redirects", async () => {
    const names = Array.from({ length: 16 }, (_, index) => `dir/object ${index} %?#`);
    for (const name of names) {
      const url = `${proxy.url}/v1/objects/nnn/${encodeURIComponent(name)}`;
      expect((await fetch(url, { method: "PUT", body: `content of ${name}` })).status).toBe(200);
    }
    const owners = new Set<string>();
    for (const name of names) {
      const reply = await fetch(`${proxy.url}/v1/objects/nnn/${encodeURIComponent(name)}`);
      expect([reply.status, await reply.text()]).toEqual([200, `content of ${name}`]);
      owners.add(new URL(reply.url).port);
    }
    expect(owners.size).toBe(2);
    expect(await listNames(proxy.url)).toEqual([...names].sort());
    for (const name of names) {
      const url = `${proxy.url}/v1/objects/nnn/${encodeURIComponent(name)}`;
      expect((await fetch(url, { method: "DELETE" })).status).toBe(200);
    }
    expect(await listNames(proxy.url)).toEqual([]);
  });

  test.skipIf(CURL === null)(
    "curl -L puts, gets, probes and deletes a file of several megabytes",
    async () => {
      const source = join(directories.root, "source");
      const bytes = crypto.getRandomValues(new Uint8Array(65_536));
      await Bun.write(source, new Blob(Array.from({ length: 50 }, () => bytes)));
      const url = `${proxy.url}/v1/objects/nnn/big.bin`;
      await curl("-L", "-f", "-T", source, url);
      const copy = join(directories.root, "copy");
      await curl("-L", "-f", "-o", copy, url);
      expect(Bun.hash(await Bun.file(copy).bytes())).toBe(Bun.hash(await Bun.file(source).bytes()));
      expect(await curl("-L", "-f", "-I", url)).toMatch(/content-length: 3276800/i);
      await curl("-L", "-f", "-X", "DELETE", url);
      const gone = await fetch(url);
      expect([gone.status, ((await gone.json()) as { message: string }).message]).toEqual([
        404,
        'object "ais://nnn/big.bin" does not exist',
      ]);
    },
  );

  test(
    "a stopped target leaves at once, exits 0, and returns with its id and data",
    async () => {
      const url = `${proxy.url}/v1/objects/nnn/kept`;
      expect((await fetch(url, { method: "PUT", body: "kept" })).status).toBe(200);
      const port = new URL((await fetch(url)).url).port;
      const [id = "", owner] = [...targets].find(([, target]) => new URL(target.url).port === port) ?? [];
      expect(await owner?.stop()).toBe(0);
      await until(async () => !Object.hasOwn((await smapOf(proxy)).tmap, id));
      targets.set(id, await NodeProcess.start(directories.targetArgs(id)));
      const back = await fetch(url);
      expect([back.status, await back.text()]).toEqual([200, "kept"]);
    },
    TIMEOUT_MS,
  );

  test(
    "a target does not join a cluster that its data does not belong to",
    async () => {
      const other = await clusterDirectory();
      await using _ = other;
      const args = other.targetArgs("target-one");
      const mountpath = args.indexOf("--mountpath") + 1;
      await targets.get("target-one")?.kill();
      args[mountpath] = join(directories.root, "mountpath-target-one");
      const { exitCode, stderr } = await runToEnd(...args);
      expect(exitCode).toBe(1);
      expect(stderr.trimEnd().split("\n").at(-1)).toMatch(
        /^aisnode: this node holds data of cluster ".+", but the coordinator is empty/,
      );
    },
    TIMEOUT_MS,
  );

  test("a config change is in force when its reply is out", async () => {
    expect((await fetch(`${proxy.url}/v1/cluster/set-config?log.level=4`, { method: "PUT" })).status).toBe(
      200,
    );
    const target = targets.get("target-two");
    const config = await (await fetch(`${target?.url}/v1/daemon?what=config`)).json();
    expect(config).toMatchObject({ log: { level: "4" } });
  });

  test("a node that runs from source names a time of its build", async () => {
    const status = await (await fetch(`${proxy.url}/v1/daemon?what=node_status`)).json();
    expect(status).toMatchObject({ build_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) });
  });

  test("the proxy exits 0", async () => {
    expect(await proxy.stop()).toBe(0);
  });
});

describe("starts that fail", () => {
  test("wrong options exit 2 with one line", async () => {
    const { exitCode, stderr, stdout } = await runToEnd("--role", "target");
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toBe("aisnode: missing --mountpath: a target needs at least one directory for objects\n");
  });

  test("a port in use exits 1 and names the address", async () => {
    await using directories = await clusterDirectory();
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const args = directories.proxyArgs("proxy-one");
    args[args.indexOf("--port") + 1] = String(server.port);
    const { exitCode, stderr } = await runToEnd(...args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`aisnode: failed to listen on 127.0.0.1:${server.port}: `);
  });

  test("--version and --help exit 0", async () => {
    expect((await runToEnd("--version")).stdout).toMatch(/^aisnode 5\.0\.0-ts /);
    expect((await runToEnd("--help")).stdout).toContain("--mountpath");
  });
});
