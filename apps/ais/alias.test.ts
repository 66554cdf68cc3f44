/** Aliases and the command line's own configuration, in a home directory of their own. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FakeCluster } from "@ais/client/testing/fake-cluster.fixture.ts";
import { cli } from "./testing/run-cli.fixture.ts";

let cluster: FakeCluster;
let home: string;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  home = await mkdtemp(join(tmpdir(), "ais-alias-"));
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const path = (): string => join(home, ".config/ais/cli/cli.json");

function ais(...words: readonly string[]) {
  return cli(words, { env: { AIS_ENDPOINT: cluster.endpoint, HOME: home } });
}

async function saved(): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path(), "utf8"));
}

async function write(document: unknown): Promise<void> {
  await mkdir(dirname(path()), { recursive: true });
  await writeFile(path(), typeof document === "string" ? document : JSON.stringify(document));
}

test("an alias stands for its command: with options before it, in help and in completion", async () => {
  expect(await ais("alias", "set", "buckets", "bucket", "ls")).toEqual({
    status: 0,
    out: 'Aliased "bucket ls" = "buckets"\n',
    err: "",
  });
  cluster.buckets.set("nnn", new Map([["o", new Uint8Array(8345)]]));
  expect((await ais("buckets", "-H")).out).toBe("ais://nnn   yes\n");
  expect((await ais("--units", "raw", "--no-color", "buckets", "ais://nnn", "-H")).out).toBe("o   8345\n");
  expect((await ais("buckets", "--help")).out).toContain("Usage: ais bucket ls");
  expect((await ais("help", "buckets")).status).toBe(0);
  expect((await ais("--help")).out).toContain("Aliases:\n  buckets  bucket ls");
  expect((await ais("__complete", "buck")).out).toBe("bucket\nbuckets\n");
  expect((await ais("__complete", "buckets", "ais://")).out).toBe("ais://nnn\n");
  expect((await ais("__complete", "alias", "rm", "bu")).out).toBe("buckets\n");
  expect((await ais("alias", "set", "buckets", "show cluster")).out).toBe(
    'Alias "buckets" new command "show cluster" (was: "bucket ls")\n',
  );
  expect((await ais("buckets", "smap", "--json")).out).toContain('"p1"');
  expect((await ais("alias", "rm", "buckets")).out).toContain("Removed");
  expect((await ais("buckets")).status).toBe(2);
});

test("the default aliases are listed, changed, removed and reset", async () => {
  const { out } = await ais("alias");
  expect(out).toBe((await ais("alias", "show")).out);
  expect(out).toMatch(/^ALIAS +COMMAND\ncp +bucket cp\ncreate +bucket create\nls +bucket ls\n/);
  await ais("alias", "rm", "ls");
  expect(await ais("ls")).toMatchObject({ status: 2, out: "" });
  expect((await ais("bucket", "ls")).status).toBe(0);
  await ais("alias", "set", "get", "object", "show");
  cluster.buckets.set("nnn", new Map([["o", new Uint8Array(1)]]));
  expect((await ais("get", "ais://nnn/o")).out).toContain("PROPERTY");
  expect((await ais("alias", "reset")).out).toContain("Command aliases reset to all defaults:\nALIAS");
  expect((await ais("ls", "-H")).out).toBe("ais://nnn   yes\n");
  expect(JSON.parse((await ais("alias", "--json")).out)).toMatchObject({
    ls: "bucket ls",
    get: "object get",
  });
});

test("what is no alias or no command is refused, and changes nothing", async () => {
  for (const words of [
    ["set", "1x", "bucket ls"],
    ["set", "a b", "bucket ls"],
    ["set", "x", "bucket nonsense"],
    ["set", "x", " "],
    ["set", "x"],
    ["set", "object", "bucket ls"],
    ["set", "help", "bucket ls"],
  ])
    expect([words, (await ais("alias", ...words)).status]).toEqual([words, 2]);
  expect(await ais("alias", "rm", "nobody")).toMatchObject({
    status: 1,
    err: 'Error: alias "nobody" does not exist\n',
  });
  expect(await Bun.file(path()).exists()).toBe(false);
});

test("a file of AIStore's command line is shared: what is not used here stays", async () => {
  const theirs = {
    cluster: { url: cluster.endpoint, client_crt: "c.pem", skip_verify_crt: false },
    timeout: { tcp_timeout: "7s" },
    aliases: { evict: "bucket evict", l: "bucket ls" },
    no_color: true,
  };
  await write(theirs);
  const env = { HOME: home };
  expect((await cli(["l", "--count-only"], { env })).out).toBe("0\n");
  expect((await cli(["alias", "-H"], { env })).out).toBe("l   bucket ls\n");
  await ais("alias", "set", "ls", "bucket", "ls");
  expect(await saved()).toEqual({ ...theirs, aliases: { ...theirs.aliases, ls: "bucket ls" } });
  await ais("config", "cli", "set", "cluster.skip_verify_crt=true");
  expect(await saved()).toMatchObject({ cluster: { ...theirs.cluster, skip_verify_crt: true } });
});

test("the endpoint may be kept; the environment goes before it", async () => {
  const { out } = await ais("config", "cli", "set", `cluster.url=${cluster.endpoint}`, "no_color=true");
  expect(out).toContain(cluster.endpoint);
  // Whatever AIStore's command line needs to find in its file is there.
  expect(await saved()).toMatchObject({ timeout: { tcp_timeout: "60s" }, no_color: true });
  expect((await cli(["ls"], { env: { HOME: home } })).status).toBe(0);
  const elsewhere = { HOME: home, AIS_ENDPOINT: "http://127.0.0.1:1" };
  expect((await cli(["ls"], { env: elsewhere })).err).toContain("127.0.0.1:1");
  expect((await ais("config", "cli", "--path")).out).toBe(`${path()}\n`);
  for (const pair of ["cluster.url=ftp://x", "no_color=maybe", "timeout.tcp_timeout=1s"])
    expect([pair, (await ais("config", "cli", "set", pair)).status]).toEqual([pair, 2]);
  await ais("config", "cli", "reset");
  expect(await saved()).toMatchObject({ cluster: { url: "http://127.0.0.1:8080" }, no_color: false });
});

test("a file that cannot be used is told of, and reset mends it", async () => {
  for (const broken of ["{", "[]", '{"aliases":{"x":1}}', '{"aliases":["x"]}']) {
    await write(broken);
    const refused = await ais("ls");
    expect([broken, refused.status]).toEqual([broken, 1]);
    expect(refused.err).toContain(`cannot use ${path()}: `);
    expect(refused.err).toContain("ais config cli reset");
    // Help needs no configuration.
    expect((await ais("ls", "--help")).status).toBe(0);
  }
  expect((await ais("config", "cli", "reset")).status).toBe(0);
  expect((await ais("ls")).status).toBe(0);
});

test("without a home directory there are the default aliases, and no place for others", async () => {
  const env = { AIS_ENDPOINT: cluster.endpoint };
  expect((await cli(["ls"], { env })).status).toBe(0);
  expect((await cli(["alias", "set", "x", "bucket ls"], { env })).err).toContain("HOME is not set");
});
