import { expect, test } from "bun:test";
import { errorText } from "@ais/base/errors.ts";
import { tableDefaults } from "./config-table.ts";
import {
  DEFAULT_TRACING_SECTION,
  normaliseTracing,
  parseExporterEndpoint,
  TRACING_TABLE,
  validateTracing,
} from "./tracing-config.ts";

test("the default section is the table's", () => {
  expect(tableDefaults(TRACING_TABLE)).toEqual(DEFAULT_TRACING_SECTION);
});

test.each([
  ["localhost:4317", "localhost", 4317, "auto", ""],
  ["http://localhost:4317", "localhost", 4317, "plain", ""],
  ["https://otel.example.com:443/", "otel.example.com", 443, "tls", ""],
  ["127.0.0.1:1", "127.0.0.1", 1, "auto", ""],
  ["[::1]:4317", "::1", 4317, "auto", ""],
  ["http://[fe80::1]:65535", "fe80::1", 65535, "plain", ""],
  ["my_collector-0.svc:4317", "my_collector-0.svc", 4317, "auto", ""],
  ["http://localhost:4318/v1/traces", "localhost", 4318, "plain", "/v1/traces"],
  ["https://[::1]:4318/otlp/v1/traces", "::1", 4318, "tls", "/otlp/v1/traces"],
  ["https://api.example.com/v1/traces", "api.example.com", 443, "tls", "/v1/traces"],
  ["http://collector/v1/traces", "collector", 80, "plain", "/v1/traces"],
] as const)("endpoint %s", (text, host, port, scheme, httpPath) => {
  expect(parseExporterEndpoint(text)).toEqual({ host, port, scheme, httpPath });
});

test.each([
  "",
  "localhost",
  "localhost:",
  ":4317",
  "localhost:0",
  "localhost:65536",
  "localhost:43x",
  "grpc://localhost:4317",
  "http://localhost",
  "http://localhost/",
  "https://localhost:0/v1/traces",
  "localhost:4318/v1/traces",
  "http://localhost:4318/v1/traces?x=1",
  "http://localhost:4318/v1/#traces",
  "http://localhost:4318/v1 traces",
  "http://localhost:4318/v1\\traces",
  "http://user@localhost:4317",
  "local host:4317",
  " localhost:4317",
  "::1:4317",
  "-host:1",
])("endpoint %j is refused", (text) => {
  expect(() => parseExporterEndpoint(text)).toThrow(`invalid value "${text}" of "tracing.exporter_endpoint"`);
});

test.each([
  ["1.0", "1.0"],
  ["0", "0"],
  [0.25, "0.25"],
  [1, "1"],
  [".5", ".5"],
  ["1e-3", "1e-3"],
])("probability %j is kept as %s", (value, kept) => {
  expect(normaliseTracing({ sampler_probability: value }).sampler_probability).toBe(kept);
  expect(normaliseTracing({ sampler_probablity: value }).sampler_probability).toBe(kept);
});

test.each(["", " ", "x", "1.1", "-0.1", "0x1", "NaN", "Infinity", "50%", "1,0", 2, -1, Number.NaN, true])(
  "probability %p is refused",
  (value) => {
    expect(() => normaliseTracing({ sampler_probability: value })).toThrow(
      'of "tracing.sampler_probability"',
    );
  },
);

test("a partial section is completed, a missing one is the default", () => {
  expect(normaliseTracing({ enabled: true, exporter_endpoint: "h:1" })).toEqual({
    ...DEFAULT_TRACING_SECTION,
    enabled: true,
    exporter_endpoint: "h:1",
  });
  expect(normaliseTracing(null)).toEqual(DEFAULT_TRACING_SECTION);
  expect(normaliseTracing({})).toEqual(DEFAULT_TRACING_SECTION);
});

test.each([
  [{ enabled: true }, '"tracing.exporter_endpoint" is required'],
  [{ exporter_endpoint: "nope" }, "expecting"],
  [{ sampler_probabilty: 1 }, 'unknown setting "tracing.sampler_probabilty"'],
  [{ exporter_auth: { token: "x" } }, 'unknown setting "tracing.exporter_auth.token"'],
  [{ exporter_auth: { token_header: "x" } }, 'without "tracing.exporter_auth.token_file"'],
  [{ exporter_auth: { token_file: "/t" } }, 'without "tracing.exporter_auth.token_header"'],
  [{ exporter_auth: { token_header: "bad header", token_file: "/t" } }, "gRPC"],
  [{ exporter_auth: { token_header: "token-bin", token_file: "/t" } }, "gRPC"],
  [{ exporter_auth: { token_header: "grpc-timeout", token_file: "/t" } }, "gRPC"],
  [{ attributes: { a: 1 } }, '"tracing.attributes"'],
  [{ enabled: "perhaps" }, '"tracing.enabled"'],
  [{ tail: { slow: { "object.gte": "1s" } } }, '"object.gte" is no traced operation'],
  [{ tail: { slow: { "health.get": "1s" } } }, '"health.get" is no traced operation'],
  [{ tail: { slow: { "*": "soon" } } }, 'invalid duration "soon"'],
  [{ tail: { slow: { "*": "0s" } } }, "above 0"],
  [{ tail: { slow: "1s" } }, '"tracing.tail.slow"'],
  [{ tail: { errors: "perhaps" } }, '"tracing.tail.errors"'],
  ["text", "expecting an object"],
])("section %j is refused", (section, text) => {
  expect(() => normaliseTracing(section)).toThrow(text);
});

test.each([
  [{ service_name_prefix: "é".repeat(65) }, "the prefix is 130 bytes long, expecting at most 128 bytes"],
  [{ attributes: many(65, 1) }, "65 attributes, expecting at most 64"],
  [{ attributes: { ["k".repeat(129)]: "v" } }, "the name of an attribute is 129 bytes long"],
  [{ attributes: { k: "é".repeat(513) } }, 'the value of attribute "k" is 1026 bytes long'],
  [{ attributes: many(17, 1000) }, "all attributes together is 17041 bytes long, expecting at most 16384"],
])("a section that is too large is refused", (section, text) => {
  expect(() => normaliseTracing(section)).toThrow(text);
});

test("what is just within the limits is taken, and a refusal does not repeat all of it", () => {
  const attributes = many(64, 200);
  expect(normaliseTracing({ service_name_prefix: "x".repeat(128), attributes })).toMatchObject({
    attributes,
  });
  try {
    normaliseTracing({ attributes: { k: "v".repeat(1 << 20) } });
    throw new Error("1 MiB was taken");
  } catch (error) {
    expect(errorText(error)).toContain("is 1048576 bytes long");
    expect(errorText(error).length).toBeLessThan(1000);
  }
});

function many(count: number, valueBytes: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, "v".repeat(valueBytes)]));
}

test("durations of the tail rule are kept in one spelling", () => {
  const { tail } = normaliseTracing({
    tail: { errors: "yes", slow: { "object.get": "0.25s", "*": "1500ms" } },
  });
  expect(tail).toEqual({ errors: true, slow: { "object.get": "250ms", "*": "1.5s" } });
});

test("header names may be written in any case", () => {
  const section = normaliseTracing({ exporter_auth: { token_header: "Authorization", token_file: "/t" } });
  expect(section.exporter_auth.token_header).toBe("Authorization");
});

test("a section built by hand is held to the same rules", () => {
  expect(() => validateTracing({ ...DEFAULT_TRACING_SECTION, sampler_probability: "abc" })).toThrow('"abc"');
});
