import { expect, test } from "bun:test";
import { join } from "node:path";
import { exportGrpc, TestAistrace, tempDir } from "./aistrace.fixture.ts";
import type { OwnStats } from "./query/own-types.ts";
import { encodeSpans, spanId, traceId } from "./spans.fixture.ts";

const MIB = 1024 * 1024;
const openssl = Bun.which("openssl");
if (openssl === null) console.log("skipped: no openssl to make a certificate with");

async function until(check: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await check())) {
    if (performance.now() > end) throw new Error("it did not come about");
    await Bun.sleep(20);
  }
}

test("a running one keeps to its limit of bytes, and says what it evicted", async () => {
  await using aistrace = await TestAistrace.start({ maxBytes: 2 * MIB });
  for (let n = 1; n <= 30; n++) {
    await aistrace.send(
      Array.from({ length: 300 }, (_, i) => ({
        traceId: traceId(n),
        spanId: spanId(i + 1),
        startMs: Date.now(),
        attributes: { filler: "z".repeat(400) },
      })),
    );
  }
  const stats = (): Promise<OwnStats> => aistrace.json("/api/aistrace/stats");
  await until(async () => {
    const { spans, stored, evicted, bytes } = await stats();
    return evicted > 4000 && spans === stored - evicted && bytes <= 2 * MIB;
  });
  expect((await aistrace.get(`/api/traces/${traceId(30)}`)).status).toBe(200);
  expect((await aistrace.get(`/api/traces/${traceId(1)}`)).status).toBe(404);
});

test("traces that are too old go away by themselves", async () => {
  await using aistrace = await TestAistrace.start({ maxAgeMs: 50 });
  await aistrace.send([{ traceId: traceId(1), spanId: spanId(1), startMs: Date.now() }]);
  await until(async () => (await aistrace.json<{ data: string[] }>("/api/services")).data.length === 0);
});

test.skipIf(openssl === null)("with a certificate all three ports speak TLS", async () => {
  using dir = tempDir();
  const [cert, key] = [join(dir.path, "cert.pem"), join(dir.path, "key.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  Bun.spawnSync([
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    key,
    "-out",
    cert,
    ...subject,
  ]);
  await using aistrace = await TestAistrace.start({ tlsCert: cert, tlsKey: key });
  const tls = { ca: await Bun.file(cert).text() };
  const sent = await fetch(`https://localhost:${aistrace.ports.otlpHttp}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: encodeSpans([{ traceId: traceId(1), spanId: spanId(1), startMs: Date.now() }]),
    tls,
  });
  expect(sent.status).toBe(200);
  const health = await fetch(`https://localhost:${aistrace.ports.query}/healthz`, { tls });
  expect(health.status).toBe(200);
  await exportGrpc(aistrace.ports.otlpGrpc, encodeSpans([]), {}, tls.ca);
  await expect(aistrace.get("/healthz")).rejects.toThrow();
});

test("TLS files that cannot be read are named", async () => {
  await expect(TestAistrace.start({ tlsCert: "/none/cert.pem", tlsKey: "/none/key.pem" })).rejects.toThrow(
    "/none/",
  );
});
