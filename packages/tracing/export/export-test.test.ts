import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { Collector } from "../fixtures/collector.ts";
import { selfSigned } from "../fixtures/self-signed.ts";
import { section, TracingFixture } from "../fixtures/tracing-fixture.ts";
import type { ExportTest } from "../types.ts";

let directory: string;
let tokenFile: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "export-test-"));
  tokenFile = join(directory, "token");
  await writeFile(tokenFile, "secret\n");
});
afterAll(() => rm(directory, { recursive: true }));

async function tryOut(changes: Parameters<typeof section>[0]): Promise<ExportTest> {
  await using fixture = new TracingFixture();
  await fixture.tracing.configure(section({ sampler_probability: "0", ...changes }));
  const result = await fixture.tracing.test();
  // It is none of the spans that the recorder answers for.
  expect(fixture.tracing.stats()).toMatchObject({ spansStarted: 0, spansEnded: 0, exports: 0 });
  return result;
}

test("over TLS that is not verified, with a token", async () => {
  await using collector = await Collector.start(selfSigned());
  const result = await tryOut({
    exporter_endpoint: `https://localhost:${collector.port}`,
    skip_verify: true,
    exporter_auth: { token_header: "authorization", token_file: tokenFile },
  });
  expect(result).toMatchObject({ ok: true, enabled: true, token: "sent", status: "OK" });
  expect(result.endpoint).toBe(`grpc://localhost:${collector.port} (TLS, certificate not verified)`);
  expect(collector.received[0]?.metadata["authorization"]).toBe("secret");
  expect(collector.spans).toMatchObject([{ name: "ais.trace.test", traceId: result.traceId }]);
});

test("over TLS whose certificate nobody vouches for", async () => {
  await using collector = await Collector.start(selfSigned());
  const result = await tryOut({ exporter_endpoint: `https://localhost:${collector.port}` });
  expect(result).toMatchObject({ ok: false, status: expect.stringContaining("UNAVAILABLE") });
  expect(collector.calls).toBe(0);
});

test.each([
  ["http", "", true, "the collector speaks TLS, so its endpoint is https:// (UNAVAILABLE: "],
  ["https", "", false, "the collector speaks no TLS, so its endpoint is http:// (UNAVAILABLE: "],
  ["http", "/v1/traces", true, "the collector speaks TLS, so its endpoint is https:// ("],
  ["https", "/v1/traces", false, "the collector speaks no TLS, so its endpoint is http:// ("],
])("with %s://…%s where TLS is %p, says what the endpoint should be", async (scheme, path, tls, said) => {
  await using collector = await Collector.start(tls ? selfSigned() : undefined);
  const result = await tryOut({ exporter_endpoint: `${scheme}://localhost:${collector.port}${path}` });
  expect(result).toMatchObject({
    ok: false,
    status: expect.stringMatching(new RegExp(`^${RegExp.escape(said)}`)),
  });
});

test("over HTTP where nobody listens", async () => {
  const gone = await Collector.start();
  await gone[Symbol.asyncDispose]();
  const result = await tryOut({ exporter_endpoint: `http://127.0.0.1:${gone.port}/v1/traces` });
  expect(result).toMatchObject({
    ok: false,
    status: `failed to connect to 127.0.0.1:${gone.port}: ECONNREFUSED`,
  });
  expect(result.endpoint).toBe(`http://127.0.0.1:${gone.port}/v1/traces (plaintext)`);
});

test("with a token that cannot be read", async () => {
  await using collector = await Collector.start();
  const missing = join(directory, "missing");
  const result = await tryOut({
    exporter_endpoint: `http://127.0.0.1:${collector.port}`,
    exporter_auth: { token_header: "authorization", token_file: missing },
  });
  expect(result).toMatchObject({ ok: false, token: "unreadable", latencyMs: 0 });
  expect(result.status).toContain(`failed to read tracing token file "${missing}"`);
  expect(collector.calls).toBe(0);
});

test.each([
  [{ kind: "fail", code: status.UNAUTHENTICATED, text: "who are you" }, "UNAUTHENTICATED: who are you"],
  [{ kind: "fail", code: status.UNAVAILABLE, text: "come back later" }, "UNAVAILABLE: come back later"],
  [{ kind: "partial", rejected: 1, message: "span too old" }, "rejected: span too old"],
] as const)("with a collector that says %j", async (behaviour, said) => {
  await using collector = await Collector.start();
  collector.behaviour = behaviour;
  const result = await tryOut({ exporter_endpoint: `http://127.0.0.1:${collector.port}` });
  expect(result).toMatchObject({ ok: false, status: said, token: "none" });
});

test("while it is disabled", async () => {
  expect(await tryOut({ enabled: false })).toMatchObject({
    ok: false,
    enabled: false,
    endpoint: "",
    status: "tracing is disabled",
  });
});
