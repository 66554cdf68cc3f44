import { expect, test } from "bun:test";
import { section } from "../fixtures/tracing-fixture.ts";
import { type Env, NO_LIMIT_MS } from "../recorder/env-number.ts";
import { type Destination, destinationOf, endpointText } from "./destination.ts";

const EXPORT_TIMEOUT_MS = 60_000;

function destination(env: Env, exportTimeoutMs = EXPORT_TIMEOUT_MS): Destination {
  return destinationOf(section({ exporter_endpoint: "localhost:4317" }), env, exportTimeoutMs);
}

test.each([
  [{}, 10_000],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "2000" }, 2_000],
  [{ OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "3000" }, 3_000],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "2000", OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "3000" }, 3_000],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "2000", OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "" }, 2_000],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "2000", OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "3s" }, 2_000],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "-1" }, 10_000],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "70000" }, EXPORT_TIMEOUT_MS],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "0" }, EXPORT_TIMEOUT_MS],
])("with %j one call takes at most %p ms", (env, timeoutMs) => {
  expect(destination(env).timeoutMs).toBe(timeoutMs);
});

test("a call takes no longer than a batch may, and has no limit where neither has one", () => {
  expect(destination({}, 500).timeoutMs).toBe(500);
  expect(destination({ OTEL_EXPORTER_OTLP_TIMEOUT: "0" }, NO_LIMIT_MS).timeoutMs).toBe(NO_LIMIT_MS);
});

test("the variables of traces win over those of all signals, and names in values have any case", () => {
  const env = {
    OTEL_EXPORTER_OTLP_HEADERS: "a=1,b=2",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "c=3",
    OTEL_EXPORTER_OTLP_COMPRESSION: "none",
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: "GZIP",
    OTEL_EXPORTER_OTLP_PROTOCOL: "HTTP/protobuf",
    OTEL_EXPORTER_OTLP_CERTIFICATE: "/all.pem",
    OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: "/traces.pem",
  };
  const { headers, gzip, httpPath, caFile } = destination(env);
  expect({ headers, gzip, httpPath, caFile }).toEqual({
    headers: { c: "3" },
    gzip: true,
    httpPath: "/v1/traces",
    caFile: "/traces.pem",
  });
  expect(destination({ ...env, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "grpc" }).httpPath).toBe("");
});

test.each([
  ["localhost:4317", null, "grpc://localhost:4317 (not connected yet)"],
  ["https://[::1]:4317", true, "grpc://[::1]:4317 (TLS)"],
  ["http://localhost:4318/v1/traces", false, "http://localhost:4318/v1/traces (plaintext)"],
  ["https://localhost/v1/traces", true, "https://localhost:443/v1/traces (TLS)"],
])("people see %s as what it came to", (endpoint, tls, shown) => {
  expect(endpointText(destinationOf(section({ exporter_endpoint: endpoint }), {}, 1), tls)).toBe(shown);
});
