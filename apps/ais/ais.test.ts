import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeCluster } from "@ais/client/testing/fake-cluster.fixture.ts";
import { type CliSetup, cli } from "./testing/run-cli.fixture.ts";

let cluster: FakeCluster;
let directory: string;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  directory = await mkdtemp(join(tmpdir(), "ais-cli-"));
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function ais(words: readonly string[], setup: CliSetup = {}) {
  return cli(words, { ...setup, env: { AIS_ENDPOINT: cluster.endpoint, ...setup.env } });
}

function objects(bucket = "nnn"): Map<string, Uint8Array> {
  const found = cluster.buckets.get(bucket) ?? new Map<string, Uint8Array>();
  cluster.buckets.set(bucket, found);
  return found;
}

function text(name: string): string {
  return new TextDecoder().decode(objects().get(name));
}

test("the three commands of the tracing guide print what AIStore prints", async () => {
  const file = join(directory, "README.md");
  await writeFile(file, "0123456789".repeat(200));
  expect(await ais(["bucket", "create", "ais://nnn"])).toEqual({
    status: 0,
    out: '"ais://nnn" created\n',
    err: "",
  });
  const put = await ais(["put", file, "ais://nnn"]);
  expect(put).toEqual({ status: 0, out: `PUT "${file}" => ais://nnn/README.md\n`, err: "" });
  const get = await ais(["get", "ais://nnn/README.md", "/dev/null"]);
  expect(get).toEqual({ status: 0, out: "GET and discard README.md from ais://nnn (1.95KiB)\n", err: "" });
});

describe("buckets", () => {
  test("an existing one is an error that names it, unless told otherwise", async () => {
    objects();
    expect(await ais(["create", "ais://nnn"])).toMatchObject({
      status: 1,
      err: 'Error: bucket "ais://nnn" already exists\n',
    });
    expect((await ais(["create", "ais://nnn", "--ignore-error"])).status).toBe(0);
  });

  test("are listed under NAME and PRESENT with a total", async () => {
    objects("a");
    objects("b");
    const { out } = await ais(["ls"]);
    expect(out).toBe("NAME      PRESENT\nais://a   yes\nais://b   yes\nTotal: [AIS buckets: 2] ========\n\n");
    expect((await ais(["ls", "ais:", "-H"])).out).toBe("ais://a   yes\nais://b   yes\n");
    expect(JSON.parse((await ais(["ls", "--json"])).out)).toHaveLength(2);
  });

  test("one with objects goes only with --yes or a yes", async () => {
    objects().set("x", new Uint8Array(1));
    const refused = await ais(["rmb", "ais://nnn"]);
    expect(refused.status).toBe(1);
    expect(refused.err).toContain("is not empty: use --yes");
    expect(await ais(["rmb", "ais://nnn"], { answers: ["n"] })).toMatchObject({ status: 130 });
    expect(cluster.buckets.has("nnn")).toBe(true);
    expect(await ais(["bucket", "rm", "ais://nnn", "-y"])).toMatchObject({ out: '"ais://nnn" destroyed\n' });
    expect(cluster.buckets.has("nnn")).toBe(false);
    expect(await ais(["rmb", "ais://nnn"])).toMatchObject({
      status: 1,
      err: 'Error: bucket "ais://nnn" does not exist\n',
    });
  });

  test("properties are shown flat, by section, and as JSON", async () => {
    objects();
    const all = await ais(["bucket", "props", "show", "ais://nnn"]);
    expect(all.out).toBe(
      "PROPERTY             VALUE\nchecksum.type        md5\nprovider             ais\nversioning.enabled   true\n",
    );
    expect((await ais(["show", "bucket", "ais://nnn", "checksum", "-H"])).out).toBe("checksum.type   md5\n");
    expect(JSON.parse((await ais(["bucket", "props", "ais://nnn", "--json"])).out)).toMatchObject({
      provider: "ais",
    });
    expect((await ais(["show", "bucket", "ais://nnn", "nope"])).status).toBe(2);
  });
});

describe("listing objects", () => {
  test("has upper-case columns and sizes", async () => {
    objects().set("a/x", new Uint8Array(2048)).set("b", new Uint8Array(5));
    expect((await ais(["ls", "ais://nnn"])).out).toBe("NAME   SIZE\na/x    2.00KiB\nb      5B\n");
    expect((await ais(["ls", "ais://nnn", "-props", "name,cached"])).out).toBe(
      "NAME   CACHED\na/x    yes\nb      yes\n",
    );
    expect((await ais(["ls", "ais://nnn/a/"])).out).toBe("NAME   SIZE\na/x    2.00KiB\n");
    expect((await ais(["ls", "ais://nnn", "--limit", "1", "--name-only"])).out).toBe("NAME\na/x\n");
    expect((await ais(["ls", "ais://nnn", "--summary"])).out).toBe(
      "NAME        OBJECTS   SIZE\nais://nnn   2         2.00KiB\n",
    );
  });

  test("of a name shows the object, of a prefix the names, of neither an error", async () => {
    objects().set("abc", new Uint8Array(5));
    expect((await ais(["ls", "ais://nnn/abc"])).out).toContain("name       ais://nnn/abc");
    expect((await ais(["ls", "ais://nnn/ab"])).out).toBe("NAME   SIZE\nabc    5B\n");
    expect(await ais(["ls", "ais://nnn/zz"])).toMatchObject({
      status: 1,
      err: "Error: ais://nnn/zz not found\n",
    });
  });

  test("takes AIStore's spellings of no recursion", async () => {
    objects().set("a", new Uint8Array(1));
    for (const spelling of ["-nr", "--nr", "--no-recursion", "--non-recursive"]) {
      expect((await ais(["ls", "ais://nnn", spelling])).status).toBe(0);
    }
  });
});

describe("put", () => {
  test("names a single file as cp would", async () => {
    objects();
    const file = join(directory, "f.txt");
    await writeFile(file, "hello");
    for (const target of ["ais://nnn", "ais://nnn/dir/", "ais://nnn/other"]) await ais(["put", file, target]);
    expect([...objects().keys()]).toEqual(["f.txt", "dir/f.txt", "other"]);
  });

  test("stores a directory, deeper only with -r, links to files but not loops", async () => {
    objects();
    await mkdir(join(directory, "d/sub"), { recursive: true });
    await writeFile(join(directory, "d/a.txt"), "a");
    await writeFile(join(directory, "d/sub/b.bin"), "bb");
    await symlink(join(directory, "d/a.txt"), join(directory, "d/link"));
    await symlink(join(directory, "d"), join(directory, "d/sub/loop"));
    const flat = await ais(["put", join(directory, "d"), "ais://nnn/p/"]);
    expect(flat.out).toContain("PUT 2 files (one directory, non-recursive) => ais://nnn/p/\n");
    expect(flat.out).toContain(
      "EXTENSION   COUNT   SIZE\n            1       1B\n.txt        1       1B\nTOTAL       2       2B\n",
    );
    await ais(["put", "-r", "--include-src-dir", join(directory, "d"), "ais://nnn"]);
    expect([...objects().keys()].sort()).toEqual(["d/a.txt", "d/link", "d/sub/b.bin", "p/a.txt", "p/link"]);
  });

  test("takes several files, quoted patterns and comma-separated lists", async () => {
    objects();
    for (const name of ["1.jpg", "2.jpg", "3.txt"]) await writeFile(join(directory, name), name);
    await ais(["put", join(directory, "*.jpg"), join(directory, "3.txt"), "ais://nnn"]);
    expect([...objects().keys()].sort()).toEqual(["1.jpg", "2.jpg", "3.txt"]);
    await ais(["put", `${join(directory, "1.jpg")}, ${join(directory, "3.txt")}`, "ais://nnn/l/"]);
    expect(objects().has("l/3.txt")).toBe(true);
  });

  test("stores standard input under the name given, and asks for one", async () => {
    objects();
    const stdin = new TextEncoder().encode("from a pipe");
    expect((await ais(["put", "-", "ais://nnn/piped"], { stdin })).out).toBe(
      "PUT (standard input) => ais://nnn/piped\n",
    );
    expect(text("piped")).toBe("from a pipe");
    expect((await ais(["put", "-", "ais://nnn"], { stdin })).status).toBe(2);
  });

  test("--compute-checksum sends the bucket's type and the file's value", async () => {
    objects();
    const file = join(directory, "f");
    await writeFile(file, "hello");
    await ais(["put", file, "ais://nnn", "--compute-checksum"]);
    const { headers } = cluster.requests.at(-1) ?? {};
    expect(headers?.["ais-checksum-type"]).toBe("md5");
    expect(headers?.["ais-checksum-value"]).toBe("5d41402abc4b2a76b9719d911017c592");
  });

  test("wrong arguments are usage errors", async () => {
    const missing = await ais(["put", join(directory, "nope"), "ais://nnn"]);
    expect(missing.status).toBe(2);
    expect(missing.err).toContain("is not a file");
    expect((await ais(["put", "ais://nnn"])).status).toBe(2);
    expect((await ais(["put", "README.md", "nnn"])).err).toContain('such as "ais://nnn"');
  });
});

describe("get", () => {
  test("writes a file named as the object, or into a directory, or to standard output", async () => {
    objects().set("d/x.txt", new TextEncoder().encode("content"));
    expect((await ais(["get", "ais://nnn/d/x.txt", "-"])).out).toBe("content");
    expect((await ais(["object", "cat", "ais://nnn/d/x.txt"])).out).toBe("content");
    const { out } = await ais(["get", "ais://nnn/d/x.txt", directory]);
    expect(out).toBe(`GET d/x.txt from ais://nnn as ${join(directory, "x.txt")} (7B)\n`);
    expect(await readFile(join(directory, "x.txt"), "utf8")).toBe("content");
  });

  test("reads a part", async () => {
    objects().set("x", new TextEncoder().encode("0123456789"));
    const file = join(directory, "part");
    const { out } = await ais(["get", "ais://nnn/x", file, "--offset", "2", "--length", "3"]);
    expect(out).toBe(`Read range (length 3 at offset 2) as ${file}\n`);
    expect(await readFile(file, "utf8")).toBe("234");
    expect((await ais(["get", "ais://nnn/x", "-", "--offset", "8"])).out).toBe("89");
  });

  test("leaves nothing when the checksum is wrong, and what was there as it was", async () => {
    objects().set("x", new TextEncoder().encode("0123456789"));
    const file = join(directory, "kept");
    await writeFile(file, "old");
    expect((await ais(["get", "ais://nnn/x", file, "--checksum"])).status).toBe(0);
    await writeFile(file, "old");
    cluster.checksumValue = "0123456789abcdef0123456789abcdef";
    const corrupt = await ais(["get", "ais://nnn/x", file, "--checksum"]);
    expect(corrupt.status).toBe(1);
    expect(corrupt.err).toContain('checksum of "x" does not match: md5 781e5e245d69b566979b86e28d23f2c7');
    const missing = await ais(["get", "ais://nnn/none", file]);
    expect(missing).toMatchObject({ status: 1, err: 'Error: object "ais://nnn/none" does not exist\n' });
    const interrupt = new AbortController();
    interrupt.abort();
    expect((await ais(["get", "ais://nnn/x", file], { signal: interrupt.signal })).status).toBe(130);
    expect(await readFile(file, "utf8")).toBe("old");
    expect(await readdir(directory)).toEqual(["kept"]);
  });

  test("a connection lost in the middle leaves what was there, and says how far it came", async () => {
    objects().set("x", new Uint8Array(1_000_000));
    cluster.breakAfterBytes = 10_000;
    const file = join(directory, "kept");
    await writeFile(file, "old");
    const { status, err } = await ais(["get", "ais://nnn/x", file]);
    expect(status).toBe(1);
    expect(err).toMatch(/^Error: connection lost after \d+ of 1000000 bytes of "x"\n$/);
    expect(await readdir(directory)).toEqual(["kept"]);
    expect(await readFile(file, "utf8")).toBe("old");
  });

  test("--prefix reads many and keeps their directories", async () => {
    objects().set("a/1", new Uint8Array(3)).set("a/b/2", new Uint8Array(4)).set("c", new Uint8Array(5));
    const { out } = await ais(["get", "ais://nnn", directory, "--prefix", "a/"]);
    expect(out).toBe(`GET 2 objects from ais://nnn to ${directory} (total size 7B)\n`);
    expect((await readdir(directory, { recursive: true })).sort()).toEqual(["a", "a/1", "a/b", "a/b/2"]);
  });

  test("asks before it overwrites when there is somebody to ask", async () => {
    objects().set("x", new TextEncoder().encode("new"));
    const file = join(directory, "f");
    await writeFile(file, "old");
    expect((await ais(["get", "ais://nnn/x", file], { answers: ["n"] })).status).toBe(130);
    expect(await readFile(file, "utf8")).toBe("old");
    await ais(["get", "ais://nnn/x", file], { answers: ["y"] });
    expect(await readFile(file, "utf8")).toBe("new");
  });
});

test("object rm and show", async () => {
  objects().set("x", new Uint8Array(1500)).set("p/1", new Uint8Array()).set("p/2", new Uint8Array());
  const shown = await ais(["show", "object", "ais://nnn/x", "--props", "name,size,version"]);
  expect(shown.out).toBe("PROPERTY   VALUE\nname       ais://nnn/x\nsize       1.46KiB\nversion    1\n");
  expect((await ais(["object", "rm", "ais://nnn/x"])).out).toBe('deleted "x" from ais://nnn\n');
  expect((await ais(["rmo", "ais://nnn/x"])).err).toBe('Error: object "ais://nnn/x" does not exist\n');
  expect((await ais(["rmo", "ais://nnn", "--prefix", "p/"])).status).toBe(2);
  expect((await ais(["rmo", "ais://nnn", "--prefix", "p/", "--yes"])).out).toBe(
    "deleted 2 objects from ais://nnn\n",
  );
  expect(objects().size).toBe(0);
});

describe("cluster and configuration", () => {
  test("show cluster has a table per role and a summary", async () => {
    cluster.nodeStatus = {
      status: "",
      ais_version: "5.0.1",
      deployment: "dev",
      build_time: "today",
      tracker: { "up.ns.time": 1_020_000_000_000 },
      cluster: { flags: 6 },
      sys_info: {
        pct_mem_used: 0.284,
        mem_avail: 16 * 1024 ** 3,
        cpu_util: 3,
        load_avg: { One: 1, Five: 2, Fifteen: 3 },
      },
      capacity: {
        pct_avg: 14,
        mountpaths: { "/m1": { fs: { FsID: "1,2" }, disks: ["sda"], used: "1024", avail: "3072" } },
      },
    };
    const { out } = await ais(["show", "cluster"]);
    expect(out).toContain("PROXY      MEM USED(%)   MEM AVAIL   SYS CPU(%)   LOAD AVERAGE    UPTIME\n");
    expect(out).toContain("p[p1][P]   0.28%         16.00GiB    3%           [1.0 2.0 3.0]   17m\n");
    expect(out).toContain("TARGET   MEM USED(%)   MEM AVAIL   CAP USED(%)   CAP AVAIL");
    expect(out).toContain("   Capacity:         used 1.00KiB (25%), available 3.00KiB\n");
    expect(out).toContain("   Cluster Map:      version 3, UUID fake, primary p[p1]\n");
    expect((await ais(["cluster", "show"])).out).toBe(out);
    expect((await ais(["show", "cluster", "t[t1]"])).out).not.toContain("PROXY");
    expect((await ais(["show", "cluster", "smap", "--json"])).out).toContain(
      '"id_digest": 17000000000000000001',
    );
    expect((await ais(["show", "cluster", "nobody"])).status).toBe(2);
  });

  test("config cluster sets what has a value and shows the section", async () => {
    const words = ["config", "cluster", "tracing.enabled=true", "tracing.exporter_endpoint=localhost:4317"];
    const { out } = await ais(words);
    expect(out).toBe(
      "PROPERTY                    VALUE\ntracing.enabled             true\n" +
        "tracing.exporter_endpoint   localhost:4317\n\nCluster config updated\n",
    );
    expect((await ais(["config", "cluster", "log.level", "4"])).out).toContain("log.level   4\n");
    expect((await ais(["config", "cluster", "log", "-H"])).out).toBe("log.level   4\n");
    expect((await ais(["config", "node", "t[t1]", "inherited", "log", "--json"])).out).toBe(
      '{\n    "level": "4"\n}\n',
    );
    expect((await ais(["config", "cluster", "nope"])).status).toBe(2);
  });
});

describe("failures", () => {
  test("an unknown command suggests the nearest one", async () => {
    const { status, err } = await ais(["bukcet"]);
    expect(status).toBe(2);
    expect(err).toContain("Error: unknown command 'bukcet'");
    expect(err).toContain("Did you mean bucket?");
  });

  test("wrong options are usage errors", async () => {
    expect((await ais(["ls", "--limit", "many"])).err).toContain("Expecting a whole number");
    expect((await ais(["ls", "--nope"])).status).toBe(2);
    expect((await ais(["get"])).status).toBe(2);
    expect((await ais(["get", "ais://nnn/x", "-", "--offset", "-5"])).err).toContain("Expecting a size");
    expect((await ais(["put", "x", "ais://nnn", "--conc", "0"])).err).toContain("Expecting a number above 0");
    expect((await ais(["trace", "ls", "--lookback", "long"])).err).toContain("Expecting a time");
    expect((await ais(["ls", "ais://nnn", "--props", "color"])).err).toContain(
      'unknown object property "color"',
    );
    expect((await ais(["ls"], { env: { AIS_ENDPOINT: "ftp://x" } })).status).toBe(2);
  });

  test("a dead endpoint is told with the variable that names another", async () => {
    const { status, err } = await ais(["ls"], { env: { AIS_ENDPOINT: "http://127.0.0.1:1" } });
    expect(status).toBe(1);
    expect(err).toContain("no AIStore cluster answers at http://127.0.0.1:1 (ECONNREFUSED)");
    expect(err).toContain("export AIS_ENDPOINT=");
  });

  test("what is no proxy is told apart from a cluster that refuses", async () => {
    const page = `<html>${"x".repeat(10_000)}</html>`;
    const targetError = JSON.stringify({ message: "invalid request URI", status: 400, node: "t[abc]" });
    for (const [status, body, expected] of [
      [404, page, "does not answer as an AIStore proxy does (HTTP status 404)"],
      [400, targetError, "is the target t[abc]: commands go to a proxy"],
    ] as const) {
      using server = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: () => new Response(body, { status }),
      });
      const endpoint = `http://127.0.0.1:${server.port}`;
      const result = await ais(["ls"], { env: { AIS_ENDPOINT: endpoint } });
      expect(result.status).toBe(1);
      expect(result.err).toContain(`${endpoint} ${expected}`);
      expect(result.err.length).toBeLessThan(700);
    }
  });

  test("the cluster's own words come through", async () => {
    const { status, err } = await ais(["put", import.meta.path, "ais://missing"]);
    expect(status).toBe(1);
    expect(err).toBe('Error: bucket "ais://missing" does not exist\n');
  });
});

test("a file's name may be as long as the file system takes", async () => {
  const name = "n".repeat(255);
  objects().set(name, new Uint8Array(3));
  expect((await ais(["get", `ais://nnn/${name}`, join(directory, name)])).status).toBe(0);
  expect(await readdir(directory)).toEqual([name]);
});

test("help goes to standard output, version has the number", async () => {
  expect((await ais([])).out).toContain("Usage: ais");
  expect(await ais(["put", "--help"])).toMatchObject({ status: 0, err: "" });
  expect((await ais(["help", "get"])).out).toContain("--offset");
  expect((await ais(["version"])).out).toMatch(/^version 5\.0/);
});
