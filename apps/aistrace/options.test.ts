import { expect, test } from "bun:test";
import { helpText, parseCommandLine } from "./options.ts";

function options(args: readonly string[], env: Record<string, string> = {}): unknown {
  const command = parseCommandLine(args, env);
  return command.run === "serve" ? command.options : command.run;
}

test("defaults are those of Jaeger's ports", () => {
  expect(options([])).toMatchObject({
    listenAddress: "127.0.0.1",
    otlpGrpcPort: 4317,
    otlpHttpPort: 4318,
    queryPort: 16686,
    maxBytes: 1024 ** 3,
    maxAgeMs: 48 * 3600 * 1000,
  });
});

test("a flag wins over the environment, in both spellings", () => {
  const env = { AISTRACE_QUERY_PORT: "1000", AISTRACE_MAX_AGE: "90m" };
  expect(options(["--query-port", "2000"], env)).toMatchObject({ queryPort: 2000, maxAgeMs: 90 * 60 * 1000 });
  expect(options(["--query-port=3000", "--max-bytes=64MiB"], env)).toMatchObject({
    queryPort: 3000,
    maxBytes: 64 * 1024 ** 2,
  });
});

test("what is wrong is named", () => {
  expect(() => options(["--quiet"])).toThrow('unknown option "--quiet"');
  expect(() => options(["--query-port"])).toThrow("--query-port needs a value");
  expect(() => options(["--query-port=70000"])).toThrow(
    '--query-port: expecting a port from 0 to 65535, got "70000"',
  );
  expect(() => options([], { AISTRACE_MAX_AGE: "soon" })).toThrow("AISTRACE_MAX_AGE: ");
  expect(() => options(["--max-bytes=1k"])).toThrow("--max-bytes: ");
  expect(() => options(["--tls-cert=a.pem"])).toThrow("belong together");
});

test("help names every flag and its variable", () => {
  expect(options(["--help"])).toBe("help");
  expect(options(["--version"])).toBe("version");
  const help = helpText();
  for (const name of ["--otlp-grpc-port", "AISTRACE_OTLP_GRPC_PORT", "--data-dir", "--tls-key"])
    expect(help).toContain(name);
});
