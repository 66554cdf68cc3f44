import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Collector } from "./fixtures/collector.ts";

const MAIN = join(import.meta.dir, "fixtures/bundle/main.ts");
const WORKER = join(import.meta.dir, "export/worker.ts");
let dir = "";

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ais-bundle-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function build(name: string, entry: string, conditions: string[]): Promise<string> {
  const naming = `${name}.[ext]`;
  const built = await Bun.build({ entrypoints: [entry], outdir: dir, naming, target: "bun", conditions });
  expect(built.success).toBe(true);
  return join(dir, `${name}.js`);
}

async function run(...args: readonly string[]): Promise<{ out: string; err: string; code: number }> {
  const child = Bun.spawn([process.execPath, ...args], { stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
}

describe("bundle with tracing", () => {
  let main = "";
  beforeAll(async () => {
    main = await build("daemon", MAIN, ["oteltracing"]);
    await build("trace-export-worker", WORKER, ["oteltracing"]);
  });

  test("finds its worker beside it and exports", async () => {
    await using collector = await Collector.start();
    const { out, code } = await run(main, `localhost:${collector.port}`);
    expect(JSON.parse(out)).toMatchObject({ build: "oteltracing", spansEnded: 1, spansExported: 1 });
    expect(code).toBe(0);
    expect(collector.spans.map(({ name }) => name)).toEqual(["bundled"]);
  });

  test("does not keep a process alive that forgot to stop it", async () => {
    const { out, code } = await run(main, "localhost:1", "leave");
    expect(JSON.parse(out)).toMatchObject({ spansQueued: 1 });
    expect(code).toBe(0);
  });

  test("serves without its worker, and says what is missing", async () => {
    const lonely = await build("lonely/daemon", MAIN, ["oteltracing"]);
    const { out, err, code } = await run(lonely, "localhost:1");
    expect(JSON.parse(out)).toMatchObject({ spansExported: 0, spansDropped: expect.anything() });
    expect(err).toContain("trace export worker ended");
    expect(code).toBe(0);
  }, 60_000);
});

describe("bundle without tracing", () => {
  test("holds no code of OpenTelemetry, gRPC or OTLP, and runs", async () => {
    const main = await build("plain", MAIN, []);
    expect(await Bun.file(main).text()).not.toMatch(/grpc|opentelemetry|otlp|traceparent|worker_threads/i);
    const { out, err, code } = await run(main, "localhost:1");
    expect(JSON.parse(out)).toMatchObject({ build: "plain", spansEnded: 0 });
    expect(err.trim()).toBe("built without tracing: the tracing section is kept and ignored");
    expect(code).toBe(0);
  });
});
