import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeCluster } from "@ais/client/testing/fake-cluster.fixture.ts";
import { cli } from "./testing/run-cli.fixture.ts";

let cluster: FakeCluster;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  cluster.buckets.set("nnn", new Map([["README.md", new Uint8Array(1)]]));
  cluster.buckets.set("other", new Map());
});

afterEach(() => cluster[Symbol.asyncDispose]());

async function candidates(...words: readonly string[]): Promise<readonly string[]> {
  const { out } = await cli(["__complete", ...words], { env: { AIS_ENDPOINT: cluster.endpoint } });
  return out.split("\n").filter((line) => line !== "");
}

test("commands, subcommands and options come from the command tree", async () => {
  expect(await candidates("bu")).toEqual(["bucket"]);
  expect(await candidates("bucket", "props", "")).toEqual(["show", "set", "reset"]);
  expect(await candidates("ls", "--pr")).toEqual(["--prefix", "--props"]);
  expect(await candidates("ls", "--js")).toEqual(["--json"]);
  expect(await candidates("")).not.toContain("__complete");
  expect(await candidates("completion", "--he")).toEqual(["--help"]);
});

test("buckets, objects and nodes come from the cluster", async () => {
  expect(await candidates("ls", "ais://n")).toEqual(["ais://nnn"]);
  expect(await candidates("get", "ais://")).toEqual(["ais://nnn/", "ais://other/"]);
  expect(await candidates("get", "ais://nnn/R")).toEqual(["ais://nnn/README.md"]);
  expect(await candidates("config", "node", "")).toEqual(["p1", "t1"]);
  expect(await candidates("trace", "ls", "--bucket", "")).toEqual(["ais://nnn", "ais://other"]);
});

test("settings come from the cluster's configuration, ready for their value", async () => {
  expect(await candidates("config", "cluster", "lo")).toEqual(["log.level="]);
  expect(await candidates("config", "node", "t1", "rebalance.")).toEqual(["rebalance.enabled="]);
});

test("files come from the shell where files are meant", async () => {
  expect(await candidates("put", "RE")).toEqual([":files"]);
  expect(await candidates("put", "README.md", "ais://o")).toEqual(["ais://other", ":files"]);
  expect(await candidates("ls", "--limit", "")).toEqual([]);
});

test("a dead cluster completes what needs none, in silence", async () => {
  const { status, out, err } = await cli(["__complete", "ls", "ais://"], {
    env: { AIS_ENDPOINT: "http://127.0.0.1:1" },
  });
  expect({ status, out, err }).toEqual({ status: 0, out: "", err: "" });
});

test("bash completes across the colon", async () => {
  const directory = await mkdtemp(join(tmpdir(), "ais-completion-"));
  try {
    const launcher = join(directory, "ais");
    await writeFile(
      launcher,
      `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dir, "main.ts")}" "$@"\n`,
    );
    await chmod(launcher, 0o755);
    await writeFile(join(directory, "complete.bash"), (await cli(["completion", "bash"])).out);
    const script = [
      `PATH=${directory}:$PATH; source ${directory}/complete.bash`,
      "COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the braces are those of bash.
      'try() { COMP_LINE="$1"; COMP_POINT=${#1}; _ais 2>/dev/null; echo "${COMPREPLY[*]}"; }',
      'try "ais ls ais://n"',
      'try "ais bucket pr"',
    ].join("\n");
    const env = { ...process.env, AIS_ENDPOINT: cluster.endpoint };
    const child = Bun.spawn(["bash", "-c", script], { env, stderr: "inherit" });
    expect(await new Response(child.stdout).text()).toBe("//nnn\nprops\n");
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("every shell has a script that asks the program", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { status, out } = await cli(["completion", shell]);
    expect(status).toBe(0);
    expect(out).toContain("ais __complete");
  }
  expect((await cli(["completion", "tcsh"])).status).toBe(2);
});
