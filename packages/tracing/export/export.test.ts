import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { Collector } from "../fixtures/collector.ts";
import { type SelfSigned, selfSigned } from "../fixtures/self-signed.ts";
import { section, TracingFixture } from "../fixtures/tracing-fixture.ts";
import { decodeExportRequest } from "../otlp/decode.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ais-export-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function withCertificate(): Promise<{ pem: SelfSigned; caFile: string }> {
  const pem = selfSigned();
  const caFile = join(dir, "ca.pem");
  await writeFile(caFile, pem.certPem);
  return { pem, caFile };
}

/** A unary call's good end, below any gRPC library. */
function answer(
  stream: ServerHttp2Stream,
  message: Uint8Array = new Uint8Array(5),
  headers: Readonly<Record<string, string>> = {},
): void {
  const head = { ":status": 200, "content-type": "application/grpc", ...headers };
  stream.respond(head, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(message);
}

describe("connection", () => {
  interface Case {
    readonly endpoint: string;
    readonly tls: boolean;
    readonly skipVerify?: boolean;
    readonly trusted?: boolean;
    readonly env?: Readonly<Record<string, string>>;
    readonly shown: string;
  }
  const cases: readonly Case[] = [
    { endpoint: "http://127.0.0.1", tls: false, shown: "plaintext" },
    { endpoint: "localhost", tls: false, skipVerify: true, shown: "plaintext" },
    { endpoint: "localhost", tls: true, skipVerify: true, shown: "TLS, certificate not verified" },
    { endpoint: "127.0.0.1", tls: true, skipVerify: true, shown: "TLS, certificate not verified" },
    { endpoint: "https://localhost", tls: true, trusted: true, shown: "TLS" },
    { endpoint: "https://127.0.0.1", tls: true, trusted: true, shown: "TLS" },
    { endpoint: "localhost", tls: true, trusted: true, shown: "TLS" },
    {
      endpoint: "localhost",
      tls: false,
      env: { OTEL_EXPORTER_OTLP_INSECURE: "true" },
      shown: "plaintext",
    },
  ];
  for (const { endpoint, tls, skipVerify = false, trusted = false, env = {}, shown } of cases) {
    test(`${endpoint}, skip_verify ${skipVerify}, to a collector with${tls ? "" : "out"} TLS`, async () => {
      const { pem, caFile } = await withCertificate();
      await using collector = await Collector.start(tls ? pem : undefined);
      const certificate = trusted ? { OTEL_EXPORTER_OTLP_CERTIFICATE: caFile } : {};
      await using fixture = new TracingFixture({ ...env, ...certificate });
      await fixture.tracing.configure(
        section({ exporter_endpoint: `${endpoint}:${collector.port}`, skip_verify: skipVerify }),
      );
      fixture.record("a");
      await fixture.settled();
      expect(fixture.tracing.stats()).toMatchObject({
        spansExported: 1,
        spansDropped: {},
        exportFailures: 0,
      });
      expect(fixture.tracing.stats().endpoint).toEndWith(`:${collector.port} (${shown})`);
      expect(fixture.log.lines).toMatchObject([
        { message: "tracing exports", fields: { endpoint: fixture.tracing.stats().endpoint } },
      ]);
    });
  }

  test("a certificate that nobody vouches for is refused", async () => {
    const { pem } = await withCertificate();
    await using collector = await Collector.start(pem);
    await using fixture = new TracingFixture();
    await fixture.tracing.configure(section({ exporter_endpoint: `localhost:${collector.port}` }));
    fixture.record("a");
    await fixture.log.line("failed to export traces");
    expect(fixture.tracing.stats().lastError).toContain("self signed certificate");
    expect(Date.now() - Date.parse(fixture.tracing.stats().lastErrorTime)).toBeLessThan(60_000);
    expect(collector.calls).toBe(0);
  });

  test("a certificate for another address is refused", async () => {
    const pem = selfSigned([10, 0, 0, 9]);
    const caFile = join(dir, "ca.pem");
    await writeFile(caFile, pem.certPem);
    await using collector = await Collector.start(pem);
    await using fixture = new TracingFixture({ OTEL_EXPORTER_OTLP_CERTIFICATE: caFile });
    await fixture.tracing.configure(section({ exporter_endpoint: `https://127.0.0.1:${collector.port}` }));
    fixture.record("a");
    await fixture.log.line("failed to export traces");
    expect(fixture.tracing.stats().lastError).toContain("127.0.0.1");
    expect(collector.calls).toBe(0);
  });

  test("headers come from the environment", async () => {
    await using collector = await Collector.start();
    await using fixture = new TracingFixture({ OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=a%20b,api-key=k" });
    await fixture.tracing.configure(section({ exporter_endpoint: `http://127.0.0.1:${collector.port}` }));
    fixture.record("a");
    await collector.until(() => collector.received.length === 1);
    expect(collector.received[0]?.metadata).toMatchObject({ "x-tenant": "a b", "api-key": "k" });
  });

  test("messages are compressed when the environment asks for it", async () => {
    // Below grpc-js, which takes the header away and unpacks on its own.
    const server = createServer();
    const request = new Promise<{ encoding: unknown; flag: unknown }>((resolve) => {
      server.on("stream", (stream: ServerHttp2Stream, headers) => {
        stream.once("data", (frame: Buffer) =>
          resolve({ encoding: headers["grpc-encoding"], flag: frame[0] }),
        );
        stream.resume().once("end", () => answer(stream));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await using fixture = new TracingFixture({ OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" });
    await fixture.tracing.configure(section({ exporter_endpoint: `http://127.0.0.1:${port}` }));
    fixture.record("a");
    expect(await request).toEqual({ encoding: "gzip", flag: 1 });
    // A worker that ends with a call under way resets its connection, which the server's stream would report to nobody.
    await fixture.settled();
    expect(fixture.tracing.stats().spansExported).toBe(1);
    server.close();
  });

  test("an answer that is compressed is read, as those of collectors in Go are to compressed requests", async () => {
    // `ExportTraceServiceResponse` with a warning and nothing rejected.
    const message = gzipSync(Buffer.from("\x0a\x06\x12\x04mind", "latin1"));
    const prefix = Buffer.from([1, 0, 0, 0, message.length]);
    const server = createServer();
    server.on("stream", (stream: ServerHttp2Stream) => {
      answer(stream, Buffer.concat([prefix, message]), { "grpc-encoding": "gzip" });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await using fixture = new TracingFixture({ OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" });
    await fixture.tracing.configure(section({ exporter_endpoint: `http://127.0.0.1:${port}` }));
    fixture.record("a");
    await fixture.settled();
    expect(fixture.tracing.stats()).toMatchObject({ spansExported: 1, lastError: "mind" });
    server.close();
  });

  test("a collector that comes late gets what was kept", async () => {
    await using early = await Collector.start();
    const { port } = early;
    await early[Symbol.asyncDispose]();
    await using fixture = new TracingFixture();
    await fixture.tracing.configure(section({ exporter_endpoint: `localhost:${port}`, skip_verify: true }));
    fixture.record("a");
    await fixture.log.line("failed to export traces");
    await using collector = await Collector.start(undefined, port);
    await collector.until(() => collector.spans.length === 1);
  });
});

describe("OTLP/HTTP", () => {
  const cases: readonly (readonly [why: string, env: Record<string, string>, given: string, path: string])[] =
    [
      ["the endpoint has a path", {}, "/custom/traces", "/custom/traces"],
      ["the environment says so", { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" }, "", "/v1/traces"],
    ];
  for (const [why, env, given, path] of cases) {
    test(`is spoken when ${why}, with the same outcomes`, async () => {
      const seen: string[] = [];
      const replies = [429, 200, 400];
      const server = Bun.serve({
        port: 0,
        async fetch(request) {
          const body = new Uint8Array(await request.arrayBuffer());
          const [decoded] = decodeExportRequest(gunzipSync(body));
          const name = decoded?.scopeSpans[0]?.spans[0]?.name;
          seen.push(`${new URL(request.url).pathname} ${request.headers.get("content-type")} ${name}`);
          const headers = { "retry-after": "0", "content-type": "text/plain" };
          return new Response("what it thinks", { status: replies.shift() ?? 500, headers });
        },
      });
      const endpoint = `http://127.0.0.1:${server.port}`;
      await using fixture = new TracingFixture({ ...env, OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" });
      await fixture.tracing.configure(section({ exporter_endpoint: `${endpoint}${given}` }));
      fixture.record("a");
      await fixture.settled();
      fixture.record("b");
      await fixture.settled();
      expect(seen).toEqual(["a", "a", "b"].map((name) => `${path} application/x-protobuf ${name}`));
      expect(fixture.tracing.stats()).toMatchObject({
        spansExported: 1,
        spansDropped: { refused: 1 },
        lastError: "HTTP status 400: what it thinks",
        endpoint: `${endpoint}${path} (plaintext)`,
      });
      await server.stop(true);
    });
  }
});

describe("what the collector answers", () => {
  async function start(env = {}): Promise<[Collector, TracingFixture]> {
    const collector = await Collector.start();
    const fixture = new TracingFixture(env);
    await fixture.tracing.configure(section({ exporter_endpoint: `http://127.0.0.1:${collector.port}` }));
    return [collector, fixture];
  }

  test("partial success: the rejected are counted, their reason is kept, nothing is sent again", async () => {
    const [collector, fixture] = await start();
    collector.behaviour = { kind: "partial", rejected: 2, message: "two were too old" };
    fixture.record("a", "b", "c");
    await fixture.settled();
    expect(fixture.tracing.stats()).toMatchObject({
      spansExported: 1,
      spansDropped: { rejected: 2 },
      lastError: "two were too old",
      exports: 1,
      exportFailures: 0,
    });
    expect(collector.calls).toBe(1);
    await fixture[Symbol.asyncDispose]();
    await collector[Symbol.asyncDispose]();
  });

  const refusals: readonly (readonly [name: string, code: status])[] = [
    ["INVALID_ARGUMENT", status.INVALID_ARGUMENT],
    ["UNAUTHENTICATED", status.UNAUTHENTICATED],
    ["RESOURCE_EXHAUSTED", status.RESOURCE_EXHAUSTED],
  ];
  for (const [name, code] of refusals) {
    test(`${name} is final`, async () => {
      const [collector, fixture] = await start();
      collector.behaviour = { kind: "fail", code, text: "no" };
      fixture.record("a");
      await fixture.settled();
      expect(fixture.tracing.stats()).toMatchObject({
        spansExported: 0,
        spansDropped: { refused: 1 },
        exportFailures: 1,
        lastError: `${name}: no`,
      });
      expect(collector.calls).toBe(1);
      await fixture[Symbol.asyncDispose]();
      await collector[Symbol.asyncDispose]();
    });
  }

  test("UNAVAILABLE, and RESOURCE_EXHAUSTED with a time, are tried again", async () => {
    const [collector, fixture] = await start();
    collector.behaviour = { kind: "fail", code: status.RESOURCE_EXHAUSTED, text: "busy", retryAfterMs: 20 };
    fixture.record("a");
    await collector.until(() => collector.calls >= 2);
    collector.behaviour = { kind: "fail", code: status.UNAVAILABLE, text: "away" };
    await collector.until(() => collector.calls >= 3);
    collector.behaviour = { kind: "ok" };
    await fixture.settled();
    expect(fixture.tracing.stats()).toMatchObject({ spansExported: 1, spansDropped: {} });
    expect(fixture.tracing.stats().exportFailures).toBeGreaterThanOrEqual(3);
    await fixture[Symbol.asyncDispose]();
    await collector[Symbol.asyncDispose]();
  });

  test("nothing: every call has a deadline, and the spans are given up in the end", async () => {
    const [collector, fixture] = await start({
      OTEL_EXPORTER_OTLP_TIMEOUT: "50",
      OTEL_BSP_EXPORT_TIMEOUT: "100",
    });
    collector.behaviour = { kind: "hang" };
    fixture.record("a", "b");
    await fixture.settled();
    expect(fixture.tracing.stats()).toMatchObject({ spansExported: 0, spansDropped: { unavailable: 2 } });
    expect(fixture.tracing.stats().lastError).toStartWith("DEADLINE_EXCEEDED");
    expect(fixture.tracing.stats()).toMatchObject({ lastExportMs: 0, lastExportTime: "" });
    expect(fixture.unaccounted()).toBe(0);
    await fixture[Symbol.asyncDispose]();
    await collector[Symbol.asyncDispose]();
  });

  test("a connection cut in the middle of a call is not the end", async () => {
    const [collector, fixture] = await start();
    collector.behaviour = { kind: "hang" };
    fixture.record("a");
    await collector.until(() => collector.calls === 1);
    const { port } = collector;
    await collector[Symbol.asyncDispose]();
    await using next = await Collector.start(undefined, port);
    await next.until(() => next.spans.length === 1);
    await fixture.settled();
    expect(fixture.tracing.stats().spansExported).toBe(1);
    await fixture[Symbol.asyncDispose]();
  });
});

describe("the token", () => {
  test("is trimmed, read again when it changes, and its absence delays the export", async () => {
    const tokenFile = join(dir, "token");
    await writeFile(tokenFile, "  Bearer one\n");
    await using collector = await Collector.start();
    await using fixture = new TracingFixture();
    await fixture.tracing.configure(
      section({
        exporter_endpoint: `http://127.0.0.1:${collector.port}`,
        exporter_auth: { token_header: "Authorization", token_file: tokenFile },
      }),
    );
    const tokens = () => collector.received.map(({ metadata }) => metadata.authorization);
    fixture.record("a");
    await collector.until(() => tokens().length === 1);
    // Same size, swapped in whole, as a mounted secret is. It is looked at once a second.
    await writeFile(`${tokenFile}.new`, "  Bearer two\n");
    await rename(`${tokenFile}.new`, tokenFile);
    await Bun.sleep(1_050);
    fixture.record("b");
    await collector.until(() => tokens().length === 2);
    expect(tokens()).toEqual(["Bearer one", "Bearer two"]);
    await rm(tokenFile);
    await Bun.sleep(1_050);
    fixture.record("c");
    const failure = await fixture.log.line("failed to export traces");
    expect(failure.fields.error).toContain(`failed to read tracing token file "${tokenFile}"`);
    await writeFile(tokenFile, "Bearer three");
    await collector.until(() => tokens().length === 3);
    expect(tokens()[2]).toBe("Bearer three");
  });
});
