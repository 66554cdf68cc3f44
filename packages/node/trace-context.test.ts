/**
 * W3C Trace Context and Baggage over the wire: header lines as clients send them, through both HTTP drivers, into the
 * context that goes on to a peer. The cases are those of the test suite that belongs to the W3C document, level 2.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { systemClock } from "@ais/base/clock.ts";
import { silentLogger } from "@ais/base/log.ts";
import { createTracing } from "@ais/tracing/on.ts";
import { SPAN_KIND } from "@ais/tracing/types.ts";
import { DEFAULT_TRACING_SECTION } from "@ais/wire/tracing-config.ts";
import { startBunServer } from "./http/bun-serve.ts";
import { startNodeHttpServer } from "./http/node-http.ts";
import type { HttpServer, StartHttpServer } from "./http/types.ts";
import { ParsedQuery } from "./query.ts";
import { RequestCarrier } from "./request-carrier.ts";
import { exchange } from "./testing/raw-client.ts";

const TRACE = "5b8efff798038103d269b633813fc60c";
const SPAN = "eee19b7ec3c1b174";
const GOOD = `00-${TRACE}-${SPAN}-01`;
const UNSAMPLED = `traceparent: 00-${TRACE}-${SPAN}-00`;

/** Header lines of a request, without line ends. */
type Lines = readonly string[];

const CONTINUED: Readonly<Record<string, Lines>> = {
  "a header": [`traceparent: ${GOOD}`],
  "a name in capitals": [`TRACEPARENT: ${GOOD}`],
  "a name in both": [`TraceParent: ${GOOD}`],
  "a space before": [`traceparent:  ${GOOD}`],
  "a tab before": [`traceparent:\t${GOOD}`],
  "a space after": [`traceparent: ${GOOD} `],
  "a tab after": [`traceparent: ${GOOD}\t`],
  "space all around": [`traceparent: \t ${GOOD} \t `],
  "a later version": [`traceparent: cc-${TRACE}-${SPAN}-01`],
  "a later version with more": [`traceparent: cc-${TRACE}-${SPAN}-01-of-what-nobody-knows-yet`],
  "a later version with an empty rest": [`traceparent: 01-${TRACE}-${SPAN}-01-`],
  "flags of level 2": [`traceparent: 00-${TRACE}-${SPAN}-03`],
  "flags that nobody knows": [`traceparent: 00-${TRACE}-${SPAN}-ff`],
};

const BEGUN: Readonly<Record<string, Lines>> = {
  "no header": [],
  "another name": [`trace-parent: ${GOOD}`, `trace.parent: ${GOOD}`],
  "two headers": [`traceparent: ${GOOD}`, `traceparent: 00-${TRACE}-${SPAN}-00`],
  "the same header twice": [`traceparent: ${GOOD}`, `traceparent: ${GOOD}`],
  "an empty header": ["traceparent:"],
  "version 00 with a dot after": [`traceparent: ${GOOD}.`],
  "version 00 with more": [`traceparent: ${GOOD}-of-what-nobody-knows-yet`],
  "a later version that runs on": [`traceparent: cc-${TRACE}-${SPAN}-01.of-what-nobody-knows-yet`],
  "version ff": [`traceparent: ff-${TRACE}-${SPAN}-01`],
  "a dot first in the version": [`traceparent: .0-${TRACE}-${SPAN}-01`],
  "a dot last in the version": [`traceparent: 0.-${TRACE}-${SPAN}-01`],
  "a version of three digits": [`traceparent: 000-${TRACE}-${SPAN}-01`],
  "a version of four digits": [`traceparent: 0000-${TRACE}-${SPAN}-01`],
  "a version of one digit": [`traceparent: 0-${TRACE}-${SPAN}-01`],
  "a version in capitals": [`traceparent: CC-${TRACE}-${SPAN}-01`],
  "a trace id of zeros": [`traceparent: 00-${"0".repeat(32)}-${SPAN}-01`],
  "a dot first in the trace id": [`traceparent: 00-.${TRACE.slice(1)}-${SPAN}-01`],
  "a dot last in the trace id": [`traceparent: 00-${TRACE.slice(1)}.-${SPAN}-01`],
  "a trace id of 33 digits": [`traceparent: 00-${TRACE}3-${SPAN}-01`],
  "a trace id of 31 digits": [`traceparent: 00-${TRACE.slice(1)}-${SPAN}-01`],
  "a trace id in capitals": [`traceparent: 00-${TRACE.toUpperCase()}-${SPAN}-01`],
  "a span id of zeros": [`traceparent: 00-${TRACE}-${"0".repeat(16)}-01`],
  "a dot first in the span id": [`traceparent: 00-${TRACE}-.${SPAN.slice(1)}-01`],
  "a dot last in the span id": [`traceparent: 00-${TRACE}-${SPAN.slice(1)}.-01`],
  "a span id of 17 digits": [`traceparent: 00-${TRACE}-${SPAN}4-01`],
  "a span id of 15 digits": [`traceparent: 00-${TRACE}-${SPAN.slice(1)}-01`],
  "a span id in capitals": [`traceparent: 00-${TRACE}-${SPAN.toUpperCase()}-01`],
  "a dot first in the flags": [`traceparent: 00-${TRACE}-${SPAN}-.1`],
  "a dot last in the flags": [`traceparent: 00-${TRACE}-${SPAN}-0.`],
  "flags of three digits": [`traceparent: 00-${TRACE}-${SPAN}-001`],
  "flags of one digit": [`traceparent: 00-${TRACE}-${SPAN}-1`],
  "flags in capitals": [`traceparent: 00-${TRACE}-${SPAN}-0A`],
  "space inside": [`traceparent: 00 -${TRACE}-${SPAN}-01`],
};

const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `k${from + i}=${from + i}`).join(",");
const KEY_CHARS = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
const VALUE_CHARS = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i))
  .filter((character) => !",=".includes(character))
  .join("");

/** What goes on to a peer, by the `tracestate` lines that came in. */
const STATES: Readonly<Record<string, readonly [lines: Lines, carried: string]>> = {
  "one line": [["tracestate: foo=1,bar=2"], "foo=1,bar=2"],
  "names of the header in any case": [["TraceState: foo=1", "TRACESTATE: bar=2"], "foo=1,bar=2"],
  "other names": [["trace-state: foo=1", "trace.state: foo=1"], ""],
  "an empty line": [["tracestate:"], ""],
  "a line and an empty one": [["tracestate: foo=1", "tracestate:"], "foo=1"],
  "an empty line and one": [["tracestate:", "tracestate: foo=1"], "foo=1"],
  "several lines, in their order": [
    ["tracestate: foo=1,bar=2", "tracestate: rojo=1,congo=2", "tracestate: baz=3"],
    "foo=1,bar=2,rojo=1,congo=2,baz=3",
  ],
  "empty members": [["tracestate: ,foo=1,,\t,bar=2,"], "foo=1,bar=2"],
  "space around members": [["tracestate: foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"],
  "tabs around members": [["tracestate:\tfoo=1\t \t,\t \tbar=2\t "], "foo=1,bar=2"],
  "a key twice with one value": [["tracestate: foo=1,foo=1"], "foo=1"],
  "a key twice with two values": [["tracestate: foo=1,foo=2"], "foo=1"],
  "a key twice over two lines": [["tracestate: foo=1", "tracestate: foo=2"], "foo=1"],
  "a key of all characters": [[`tracestate: ${KEY_CHARS}=1`], `${KEY_CHARS}=1`],
  "a key with a vendor": [[`tracestate: ${KEY_CHARS}@a-z0-9_-*/=1`], `${KEY_CHARS}@a-z0-9_-*/=1`],
  "a key that begins with a digit": [["tracestate: 0foo=1"], "0foo=1"],
  "a value of all characters": [[`tracestate: foo=${VALUE_CHARS}`], `foo=${VALUE_CHARS}`],
  "a space after a key": [["tracestate: foo =1"], ""],
  "a key in capitals": [["tracestate: FOO=1"], ""],
  "a dot in a key": [["tracestate: foo.bar=1"], ""],
  "an at sign at the end": [["tracestate: foo@=1,bar=2"], "foo@=1,bar=2"],
  "an at sign at the start": [["tracestate: @foo=1,bar=2"], ""],
  "two at signs": [["tracestate: foo@@bar=1,bar=2"], "foo@@bar=1,bar=2"],
  "two vendors": [["tracestate: foo@bar@baz=1,bar=2"], "foo@bar@baz=1,bar=2"],
  "a key of 256 characters": [
    ["tracestate: foo=1", `tracestate: ${"z".repeat(256)}=1`],
    `foo=1,${"z".repeat(256)}=1`,
  ],
  "a key of 257 characters": [["tracestate: foo=1", `tracestate: ${"z".repeat(257)}=1`], ""],
  "a tenant of 241 characters": [
    ["tracestate: foo=1", `tracestate: ${"t".repeat(241)}@${"v".repeat(14)}=1`],
    `foo=1,${"t".repeat(241)}@${"v".repeat(14)}=1`,
  ],
  "a tenant of 242 characters": [
    ["tracestate: foo=1", `tracestate: ${"t".repeat(242)}@v=1`],
    `foo=1,${"t".repeat(242)}@v=1`,
  ],
  "a vendor of 15 characters": [
    ["tracestate: foo=1", `tracestate: t@${"v".repeat(15)}=1`],
    `foo=1,t@${"v".repeat(15)}=1`,
  ],
  "an equals sign in a value": [["tracestate: foo=bar=baz"], ""],
  "an empty value": [["tracestate: foo=,bar=3"], ""],
  "32 members over lines": [
    [`tracestate: ${numbered(1, 10)}`, `tracestate: ${numbered(11, 30)}`, `tracestate: ${numbered(31, 32)}`],
    numbered(1, 32),
  ],
  "33 members over lines": [[`tracestate: ${numbered(1, 10)}`, `tracestate: ${numbered(11, 33)}`], ""],
};

const entries = (from: number, to: number, value = "v"): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `m${from + i}=${value}`).join(",");

const BAGGAGE: Readonly<Record<string, readonly [lines: Lines, carried: string]>> = {
  "one line": [["baggage: user=al%20ice;ttl=1;hidden , tenant=7"], "user=al%20ice;ttl=1;hidden,tenant=7"],
  "several lines, in their order": [["baggage: a=1", "Baggage: b=2,c=3"], "a=1,b=2,c=3"],
  "members that are none": [["baggage: a=1,=2,b,c=\u00fc,d=4"], "a=1,d=4"],
  "a key twice": [["baggage: a=1,a=2"], "a=1,a=2"],
  "64 members over lines": [[`baggage: ${entries(1, 40)}`, `baggage: ${entries(41, 64)}`], entries(1, 64)],
  "more than 64 members": [[`baggage: ${entries(1, 70)}`], entries(1, 64)],
  "more than 8192 bytes": [[`baggage: ${entries(1, 9, "v".repeat(1000))}`], entries(1, 8, "v".repeat(1000))],
};

interface Outbound {
  readonly traceparent: string;
  readonly tracestate?: string;
  readonly baggage?: string;
}

const DRIVERS: readonly (readonly [name: string, start: StartHttpServer])[] = [
  ["node:http", startNodeHttpServer],
  ["Bun.serve", startBunServer],
];

describe.each(DRIVERS)("over %s", (_, start) => {
  const tracing = createTracing({
    role: "proxy",
    nodeId: "p1",
    version: "5.0",
    hostname: "host",
    env: {},
    logger: silentLogger,
    clock: systemClock,
  });
  let server: HttpServer;

  beforeAll(async () => {
    // Spans go nowhere: the contexts are what is looked at.
    await tracing.configure({
      ...DEFAULT_TRACING_SECTION,
      enabled: true,
      exporter_endpoint: "http://127.0.0.1:1",
    });
    const detected = { operation: "bucket.list", bucketName: "", objectName: "", rest: [] } as const;
    server = await start({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeoutMs: 30_000,
      handler(request) {
        const carrier = new RequestCarrier(request, new ParsedQuery(request.rawQuery), detected);
        const span = tracing.startServer("GET /v1/buckets", carrier);
        const calls = [1, 2, 3].map(() => span.child("GET", SPAN_KIND.client));
        const headers = calls.map((client) => tracing.outboundHeaders(client, "t1", "/"));
        for (const client of calls) client.end();
        span.end();
        return { status: 200, headers: [], body: JSON.stringify(headers) };
      },
    });
  });
  afterAll(async () => {
    await server.stop(0);
    await tracing.stop(0);
  });

  /** The headers of three calls to a peer, made while the request is served. */
  async function calls(lines: Lines): Promise<readonly Outbound[]> {
    const head = ["GET /v1/buckets HTTP/1.1", "Host: x", ...lines, ""].join("\r\n");
    const { status, body } = await exchange(server.port, head);
    expect(status).toBe(200);
    return JSON.parse(body) as readonly Outbound[];
  }

  async function call(lines: Lines): Promise<Outbound> {
    return must((await calls(lines))[0], "a call to a peer");
  }

  function parts({ traceparent }: Outbound): readonly [traceId: string, spanId: string, flags: string] {
    const [, traceId = "", spanId = "", flags = ""] =
      /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-(0[0-3])$/.exec(traceparent) ?? [];
    expect(traceId).not.toBe("");
    return [traceId, spanId, flags];
  }

  test.each(Object.entries(CONTINUED))("the trace is continued from %s", async (name, lines) => {
    const [traceId, spanId, flags] = parts(await call(lines));
    expect(traceId).toBe(TRACE);
    expect(spanId).not.toBe(SPAN);
    // The random flag stays with its trace, what nobody knows does not.
    expect(flags).toBe(name.startsWith("flags") ? "03" : "01");
  });

  test.each(Object.entries(BEGUN))("a trace begins with %s", async (_name, lines) => {
    const begun = await call([...lines, "tracestate: foo=1"]);
    const [traceId] = parts(begun);
    expect(traceId.toLowerCase()).not.toBe(TRACE);
    expect(begun.tracestate).toBeUndefined();
  });

  test.each(Object.entries(STATES))("tracestate: %s", async (_name, [lines, carried]) => {
    const outbound = await call([UNSAMPLED, ...lines]);
    expect(parts(outbound)[0]).toBe(TRACE);
    expect(outbound.tracestate ?? "").toBe(carried);
  });

  test.each(Object.entries(BAGGAGE))("baggage: %s", async (_name, [lines, carried]) => {
    expect((await call([UNSAMPLED, ...lines])).baggage ?? "").toBe(carried);
    expect((await call(lines)).baggage ?? "").toBe(carried);
  });

  test.each([
    ["continued", [`traceparent: ${GOOD}`]],
    ["begun", []],
    ["begun for a bad header", [`traceparent: 00-${"0".repeat(32)}-${SPAN}-01`]],
  ] as const)(
    "several calls in a trace that is %s share it, each with a span of its own",
    async (name, lines) => {
      const all = (await calls(lines)).map(parts);
      expect(new Set(all.map(([traceId]) => traceId)).size).toBe(1);
      expect(all[0]?.[0] === TRACE).toBe(name === "continued");
      expect(new Set(all.map(([, spanId]) => spanId)).size).toBe(3);
    },
  );
});
