import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeCluster } from "@ais/client/testing/fake-cluster.fixture.ts";
import { type CliSetup, cli } from "./testing/run-cli.fixture.ts";

let cluster: FakeCluster;
let directory: string;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  cluster.log = "first\n";
  directory = await mkdtemp(join(tmpdir(), "ais-log-"));
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function ais(words: readonly string[], setup: CliSetup = {}) {
  return cli(words, { ...setup, env: { AIS_ENDPOINT: cluster.endpoint } });
}

/** Once the log was asked for so often. */
async function asked(count: number): Promise<void> {
  const isLog = ({ url }: { readonly url: string }): boolean => url.includes("what=log");
  while (cluster.requests.filter(isLog).length < count) await Bun.sleep(5);
}

test("the logs of every node go into a directory, which is made", async () => {
  const logs = join(directory, "new/logs");
  expect(await ais(["log", "get", "cluster", logs])).toMatchObject({ status: 0, err: "" });
  expect((await readdir(logs)).sort()).toEqual(["ais-proxy-p1.tar.gz", "ais-target-t1.tar.gz"]);
  expect((await ais(["log", "get", "cluster", directory])).status).toBe(0);
  expect(await readdir(directory)).toHaveLength(3);
});

test("a file does not hold the logs of every node, and stays as it is", async () => {
  const file = join(directory, "file");
  await writeFile(file, "mine");
  for (const destination of [file, "-", "/dev/null"])
    expect(await ais(["log", "get", "cluster", destination])).toMatchObject({
      status: 2,
      out: "",
      err: expect.stringContaining("take a directory"),
    });
  expect(await readFile(file, "utf8")).toBe("mine");
});

test("a log that was followed until Ctrl-C is there", async () => {
  const file = join(directory, "followed.log");
  const interrupt = new AbortController();
  const words = ["log", "get", "t1", file, "--refresh", "20ms"];
  const running = ais(words, { signal: interrupt.signal });
  await asked(2);
  cluster.log += "second\n";
  await asked(4);
  interrupt.abort();
  expect(await running).toMatchObject({ status: 130, out: expect.stringContaining(file) });
  expect(await readFile(file, "utf8")).toBe("first\nsecond\n");
  expect(await readdir(directory)).toEqual(["followed.log"]);
});

test("a log that never came leaves the file that was there", async () => {
  const file = join(directory, "old.log");
  await writeFile(file, "old");
  const signal = AbortSignal.abort();
  expect((await ais(["log", "get", "t1", file, "--refresh", "20ms"], { signal })).status).toBe(130);
  expect(await readFile(file, "utf8")).toBe("old");
  expect(await readdir(directory)).toEqual(["old.log"]);
});

test("a terminal gets no control characters of a log, and no archive", async () => {
  cluster.log = "a\u001b[2Jb\n";
  expect((await ais(["log", "get", "t1", "-"])).out).toBe("a\u001b[2Jb\n");
  expect((await ais(["log", "get", "t1", "-"], { answers: [] })).out).toBe("a\\u001b[2Jb\n");
  expect((await ais(["log", "get", "t1", "-", "--all"], { answers: [] })).status).toBe(2);
});
