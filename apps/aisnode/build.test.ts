/** The folders that `make node` builds, moved elsewhere. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestCollector } from "@ais/testkit/collector.ts";
import { buildNode } from "./build.ts";
import { clusterDirectory, NodeProcess } from "./fixtures/node-process.ts";

const TIMEOUT_MS = 90_000;
const VARIANTS = ["plain", "oteltracing"] as const;

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "aisnode-build-"));
  for (const variant of VARIANTS) {
    const tags = variant === "plain" ? [] : [variant];
    await buildNode({ tags, outDir: join(root, "built", variant), version: "1.2.3", commit: "abc1234" });
  }
  // Nothing may be found by climbing up to the sources any more, and links to the launcher must be followed.
  for (const variant of VARIANTS) {
    await cp(join(root, "built", variant), join(root, "moved", variant), { recursive: true });
    await symlink(join("moved", variant, "aisnode"), join(root, variant));
  }
  await rm(join(root, "built"), { recursive: true });
}, TIMEOUT_MS);

afterAll(() => rm(root, { recursive: true, force: true }));

test.each(VARIANTS)(
  "%s: a moved folder runs a proxy and a target",
  async (variant) => {
    await using stack = new AsyncDisposableStack();
    const collector = stack.use(await TestCollector.start());
    const directories = stack.use(await clusterDirectory());
    const launcher = join(root, variant);
    const env = {
      AIS_TRACING_ENDPOINT: `http://127.0.0.1:${collector.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "20",
      HOME: directories.root,
    };
    const [proxy, target] = await Promise.all([
      NodeProcess.start(directories.proxyArgs("proxy-one"), { launcher, env }),
      NodeProcess.start(directories.targetArgs("target-one"), { launcher, env }),
    ]);
    stack.use(proxy);
    stack.use(target);
    await fetch(`${proxy.url}/v1/buckets/nnn`, { method: "POST", body: '{"action":"create-bck"}' });
    const url = `${proxy.url}/v1/objects/nnn/o`;
    expect((await fetch(url, { method: "PUT", body: "content" })).status).toBe(200);
    const reply = await fetch(url);
    expect(await reply.text()).toBe("content");
    expect(reply.headers.has("traceresponse")).toBe(variant === "oteltracing");
    if (variant === "oteltracing") {
      const isServed = (name: string) => name === "GET /v1/objects/{bucket}/{object}";
      await collector.until(() => collector.spans.filter(({ name }) => isServed(name)).length === 2);
    } else {
      expect(collector.metadata).toEqual([]);
    }
    expect(await Promise.all([target.stop(), proxy.stop()])).toEqual([0, 0]);
  },
  TIMEOUT_MS,
);

test.each(VARIANTS)("%s: the folder says what it is", async (variant) => {
  const about = await Bun.file(join(root, "moved", variant, "build.json")).json();
  expect(about).toMatchObject({
    tags: variant === "plain" ? [] : [variant],
    version: "1.2.3",
    commit: "abc1234",
  });
  const child = Bun.spawn([join(root, variant), "--version"], { stdout: "pipe" });
  expect(await child.stdout.text()).toContain("abc1234");
});

test("files of the current directory do not reach the node", async () => {
  const directory = join(root, "elsewhere");
  await Bun.write(join(directory, "bunfig.toml"), 'preload = ["./intruder.ts"]\n');
  await writeFile(join(directory, "intruder.ts"), 'console.log("intruder");\n');
  await writeFile(join(directory, ".env"), "AIS_PORT=not-a-port\n");
  const child = Bun.spawn([join(root, "plain"), "--version"], {
    cwd: directory,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect([await child.exited, stdout.split(" ")[0], stderr]).toEqual([0, "aisnode", ""]);
});

test("the plain bundle holds no tracing code", async () => {
  const text = await Bun.file(join(root, "moved", "plain", "aisnode.js")).text();
  for (const marker of ["grpc-js", "@opentelemetry", "opentelemetry.proto"])
    expect(text).not.toContain(marker);
  expect(await Bun.file(join(root, "moved", "plain", "trace-export-worker.js")).exists()).toBe(false);
});
