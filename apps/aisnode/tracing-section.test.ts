import { describe, expect, test } from "bun:test";
import { DEFAULT_TRACING_SECTION } from "@ais/wire/tracing-config.ts";
import { parseOptions } from "./options.ts";
import { chooseTracing, type TracingChoice } from "./tracing-section.ts";

function choice(flags: readonly string[], env: Readonly<Record<string, string>>): TracingChoice {
  return chooseTracing(parseOptions(["--role", "proxy", ...flags], env));
}

const ENDPOINT = { AIS_TRACING_ENDPOINT: "localhost:4317" };
const STORED = { ...DEFAULT_TRACING_SECTION, enabled: true, exporter_endpoint: "collector:4317" };

describe("chooseTracing", () => {
  test("nothing said: defaults, and nothing to bring to the cluster", () => {
    const { initial, inForce } = choice([], {});
    expect(initial).toBeNull();
    expect(inForce(undefined)).toEqual(DEFAULT_TRACING_SECTION);
    expect(inForce(STORED)).toEqual(STORED);
  });

  test("the environment speaks where the cluster config has no section", () => {
    const { initial, inForce } = choice([], { ...ENDPOINT, AIS_TRACING_SAMPLING_PROBABILITY: "0.5" });
    const expected = {
      ...DEFAULT_TRACING_SECTION,
      enabled: true,
      exporter_endpoint: "localhost:4317",
      skip_verify: true,
      sampler_probability: "0.5",
    };
    expect(initial).toEqual(expected);
    expect(inForce(undefined)).toEqual(expected);
  });

  test("the stored section wins over the environment as a whole, so tracing can be switched off", () => {
    const off = { ...STORED, enabled: false };
    expect(choice([], ENDPOINT).inForce(off)).toEqual(off);
  });

  test("flags win over both, key by key", () => {
    const { inForce } = choice(["--tracing-sampling-probability", "0.1"], ENDPOINT);
    expect(inForce(STORED)).toEqual({ ...STORED, sampler_probability: "0.1" });
    expect(inForce(undefined).exporter_endpoint).toBe("localhost:4317");
    expect(inForce(undefined).sampler_probability).toBe("0.1");
  });

  test("an endpoint flag enables tracing on this node", () => {
    const section = choice(["--tracing-endpoint", "other:4317"], {}).inForce({ ...STORED, enabled: false });
    expect(section).toMatchObject({ enabled: true, exporter_endpoint: "other:4317", skip_verify: true });
  });

  test("a token file in the environment needs its header, and the other way round", () => {
    expect(() => choice([], { ...ENDPOINT, AIS_TRACING_AUTH_TOKEN_FILE: "/t" })).toThrow(/token_header/);
  });

  test("a probability that is no number from 0 to 1 is refused at the start", () => {
    expect(() => choice([], { ...ENDPOINT, AIS_TRACING_SAMPLING_PROBABILITY: "lots" })).toThrow(
      /from 0 to 1/,
    );
  });

  test("without an endpoint the environment's other settings wait for one", () => {
    const { initial, inForce } = choice([], { AIS_TRACING_SERVICE_PREFIX: "lab" });
    expect(initial).toBeNull();
    expect(inForce(undefined)).toEqual(DEFAULT_TRACING_SECTION);
  });
});
