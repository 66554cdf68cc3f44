import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { must } from "@ais/base/assert.ts";
import { ask, readCounts, readFirstPort, readWorkers } from "./counts.ts";
import { endpointHint } from "./deploy.ts";
import { linkCli, unlinkCli } from "./link-cli.ts";
import { nodePlans } from "./plans.ts";
import { identify, isAlive } from "./process-identity.ts";
import { isTaken } from "./processes.ts";
import { StateFile } from "./state.ts";
import { clean, kill } from "./stop.ts";
import { checkEndpoint } from "./tracing-backend.ts";

let directory: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "playground-"));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

function sleeper(): ChildProcess {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  children.push(child);
  return child;
}

function counts(stdin: string, env: Record<string, string> = {}): string {
  const script = `import { readCounts } from "./counts.ts";
    console.log(JSON.stringify(await readCounts(process.env, process.stdin)));`;
  const run = spawnSync(process.execPath, ["-e", script], {
    cwd: import.meta.dir,
    input: stdin,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    encoding: "utf8",
  });
  return run.stdout.trim() || run.stderr;
}

describe("list of processes", () => {
  test("one that cannot be read is said so, and nothing is stopped for it", async () => {
    const alive = sleeper();
    const path = join(directory, "playground.json");
    for (const text of ["", '{"proc', '{"processes":5}', '{"processes":[{"kind":"proxy"}]}']) {
      writeFileSync(path, text);
      await expect(kill(new StateFile(directory))).rejects.toThrow(`cannot read ${path}`);
    }
    expect(identify(alive.pid ?? 0)).not.toBeNull();
  });
});

describe("ports and endpoints", () => {
  test("a program on either loopback address has the port", async () => {
    for (const host of ["127.0.0.1", "::1"]) {
      const server = createServer().listen(0, host);
      await once(server, "listening");
      const address = server.address();
      const port = typeof address === "object" ? (address?.port ?? 0) : 0;
      expect([host, await isTaken(port)]).toEqual([host, true]);
      server.close();
      await once(server, "close");
      expect(await isTaken(port)).toBe(false);
    }
  });

  test("an endpoint without a port is refused before anything is built for it", () => {
    for (const good of ["localhost:4317", "http://[::1]:4317", "https://collector.example:443"])
      checkEndpoint(good);
    for (const bad of ["localhost", "http://localhost", ":4317"]) {
      expect(() => checkEndpoint(bad)).toThrow(`AIS_TRACING_ENDPOINT is "${bad}"`);
    }
  });
});

describe("number of nodes", () => {
  test("two lines on standard input, as AIStore's users write them", () => {
    expect(counts("3\n1\n")).toBe('{"targets":3,"proxies":1}');
    expect(counts("5\n2\n4\ny\ny\n")).toBe('{"targets":5,"proxies":2}');
  });

  test("lines typed ahead are the answers to the questions that follow, and none is the default", async () => {
    let text = "";
    const shown = new PassThrough().on("data", (chunk) => {
      text += chunk;
    });
    expect(await ask(Readable.from(["5\n2\n"]), ["targets? ", "proxies? "], shown)).toEqual(["5", "2"]);
    expect(text).toBe("targets? proxies? ");
    expect(await ask(Readable.from([" 4 \n"]), ["targets? ", "proxies? "], shown)).toEqual(["4", ""]);
    expect(await ask(Readable.from([]), ["targets? ", "proxies? "], shown)).toEqual(["", ""]);
  });

  test("an empty standard input gives the defaults without a question", () => {
    expect(counts("")).toBe('{"targets":3,"proxies":1}');
  });

  test("TARGETS and PROXIES win over standard input", () => {
    expect(counts("9\n9\n", { TARGETS: "2" })).toBe('{"targets":2,"proxies":1}');
  });

  test("an open standard input that never says anything does not hang", async () => {
    const child = spawn(
      process.execPath,
      [
        "-e",
        `import { readCounts } from "./counts.ts"; console.log(JSON.stringify(await readCounts({}, process.stdin))); process.exit(0)`,
      ],
      {
        cwd: import.meta.dir,
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    children.push(child);
    const [chunk] = await once(child.stdout, "data");
    expect(String(chunk).trim()).toBe('{"targets":3,"proxies":1}');
  });

  test("nonsense is refused and quoted", async () => {
    await expect(readCounts({ TARGETS: "many" }, process.stdin)).rejects.toThrow(
      'number of targets is "many", want 1 to 64',
    );
    await expect(readCounts({ TARGETS: "0" }, process.stdin)).rejects.toThrow("want 1 to 64");
  });

  test("a terminal is asked, an empty answer means the default", async () => {
    const terminal = Object.assign(Object.create(process.stdin), { isTTY: true });
    expect(await readCounts({}, terminal, async () => ["4", ""])).toEqual({ targets: 4, proxies: 1 });
  });
});

describe("stopping", () => {
  test("stops what is on the list and nothing else, even when a pid was used again", async () => {
    const ours = sleeper();
    const stranger = sleeper();
    const strangerIdentity = must(identify(must(stranger.pid, "pid")), "stranger");
    const stateFile = new StateFile(directory);
    await stateFile.update({
      processes: [
        { kind: "target", folder: "t1", url: "", identity: must(identify(must(ours.pid, "pid")), "ours") },
        // The list remembers an older process under the stranger's pid.
        { kind: "proxy", folder: "p1", url: "", identity: { ...strangerIdentity, startTicks: 1 } },
      ],
    });
    const ended = once(ours, "exit");
    await kill(stateFile);
    await ended;
    expect(isAlive(strangerIdentity)).toBe(true);
    expect(stateFile.read().processes).toEqual([]);
  });

  test("clean removes the data, and both are safe when nothing runs", async () => {
    const stateFile = new StateFile(join(directory, "p"));
    await kill(stateFile);
    await stateFile.update({ tracingEndpoint: "localhost:4317" });
    await clean(stateFile);
    expect(existsSync(stateFile.directory)).toBe(false);
    await clean(stateFile);
  });
});

describe("plans", () => {
  test("proxies come first and every node takes the next port", () => {
    const plans = nodePlans({ proxies: 2, targets: 2 }, "/d");
    expect(plans.map((plan) => `${plan.folder} ${plan.url}`)).toEqual([
      "p1 http://127.0.0.1:8080",
      "p2 http://127.0.0.1:8081",
      "t1 http://127.0.0.1:8082",
      "t2 http://127.0.0.1:8083",
    ]);
    // Clients count the one disk once then.
    expect(plans.every(({ args }) => args.includes("--deployment=dev"))).toBe(true);
  });

  test("PORT is the first proxy's, and is checked", () => {
    const firstPort = readFirstPort({ PORT: "9080" });
    const plans = nodePlans({ proxies: 1, targets: 1 }, "/d", { firstPort });
    expect(plans.map(({ url }) => url)).toEqual(["http://127.0.0.1:9080", "http://127.0.0.1:9081"]);
    expect(plans.map(({ args }) => args.includes("--port=9081"))).toEqual([false, true]);
    expect(readFirstPort({ PORT: "" })).toBe(8080);
    for (const port of ["0", "65500", "http"])
      expect(() => readFirstPort({ PORT: port })).toThrow(`PORT is "${port}", want 1 to 65408`);
  });

  test("WORKERS goes to every node, and is checked", () => {
    const flags = (env: Record<string, string>): readonly string[] =>
      nodePlans({ proxies: 1, targets: 1 }, "/d", { workers: readWorkers(env) }).flatMap(({ args }) =>
        args.filter((arg) => arg.startsWith("--workers")),
      );
    expect(flags({})).toEqual([]);
    expect(flags({ WORKERS: "3" })).toEqual(["--workers=3", "--workers=3"]);
    expect(() => readWorkers({ WORKERS: "0" })).toThrow('number of workers is "0", want 1 to 64');
  });
});

describe("the ais command", () => {
  test("is led to the cluster where it would go elsewhere", () => {
    const url = "http://127.0.0.1:8080";
    expect(endpointHint(url, {})).toBe("");
    expect(endpointHint(url, { AIS_ENDPOINT: "http://localhost:8080/" })).toBe("");
    expect(endpointHint(url, { AIS_ENDPOINT: "http://store:51080" })).toBe(`export AIS_ENDPOINT=${url}; `);
    expect(endpointHint("http://127.0.0.1:9080", {})).toBe("export AIS_ENDPOINT=http://127.0.0.1:9080; ");
  });

  test("is linked into a directory of the PATH, again and again", () => {
    const bin = join(directory, ".local/bin");
    mkdirSync(bin, { recursive: true });
    const env = { HOME: directory, PATH: bin };
    expect(linkCli(env).path).toBe(join(bin, "ais"));
    expect(linkCli(env).path).toBe(join(bin, "ais"));
    expect(readlinkSync(join(bin, "ais"))).toBe(resolve("bin/ais"));
  });

  test("leaves with the playground that made it, unless it leads elsewhere by then", async () => {
    const bin = join(directory, ".local/bin");
    mkdirSync(bin, { recursive: true });
    const env = { HOME: directory, PATH: bin };
    const stateFile = new StateFile(join(directory, "p"));
    const link = join(bin, "ais");
    const { isNew } = linkCli(env);
    expect([isNew, linkCli(env).isNew]).toEqual([true, false]);
    await stateFile.update({ cliLink: link });
    await clean(stateFile);
    expect(existsSync(link)).toBe(false);
    symlinkSync("/bin/true", link);
    await stateFile.update({ cliLink: link });
    await clean(stateFile);
    expect(readlinkSync(link)).toBe("/bin/true");
    expect(unlinkCli("", "")).toBe(false);
  });

  test("of another checkout is given back", async () => {
    const bin = join(directory, ".local/bin");
    const other = join(directory, "checkout/bin/ais");
    for (const each of [bin, dirname(other)]) mkdirSync(each, { recursive: true });
    writeFileSync(other, 'exec "$bun" "$root/apps/ais/main.ts" "$@"');
    const link = join(bin, "ais");
    symlinkSync(other, link);
    const { before } = linkCli({ HOME: directory, PATH: bin });
    expect([before, readlinkSync(link)]).toEqual([other, resolve("bin/ais")]);
    const stateFile = new StateFile(join(directory, "p"));
    await stateFile.update({ cliLink: link, cliLinkBefore: before });
    await clean(stateFile);
    expect(readlinkSync(link)).toBe(other);
  });

  test("never replaces another program of that name", () => {
    const bin = join(directory, ".local/bin");
    mkdirSync(bin, { recursive: true });
    const other = join(directory, "go/bin/ais");
    mkdirSync(join(directory, "go/bin"), { recursive: true });
    writeFileSync(other, "another program");
    symlinkSync(other, join(bin, "ais"));
    const result = linkCli({ HOME: directory, PATH: bin });
    expect(result.path).toBeNull();
    expect(result.note).toContain("is another program");
    expect(readlinkSync(join(bin, "ais"))).toBe(other);
  });
});
