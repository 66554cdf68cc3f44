/**
 * Which `tracing` section is in force on this node: the stored cluster config wins over the environment, and explicit
 * flags over both (tracing.md 1).
 */
import { DEFAULT_TRACING_SECTION, normaliseTracing, type TracingSection } from "@ais/wire/tracing-config.ts";
import type { OptionSource, ParsedOptions } from "./options.ts";

export interface TracingChoice {
  /**
   * What this node brings to a cluster whose config has no section; null when it brings nothing. It is offered to the
   * cluster, so that what is in force can be seen and changed there.
   */
  readonly initial: TracingSection | null;
  /** The section to apply when the cluster config has `stored`; undefined is a config without a section. */
  inForce(stored: TracingSection | undefined): TracingSection;
}

/** Throws `badRequest` when what flags and environment say makes no valid section. */
export function chooseTracing(parsed: ParsedOptions): TracingChoice {
  const fromEnvironment = overlay(parsed, "environment", DEFAULT_TRACING_SECTION);
  const base = fromEnvironment?.enabled === true ? fromEnvironment : null;
  const initial = overlay(parsed, "flag", base ?? DEFAULT_TRACING_SECTION) ?? base;
  return {
    initial: initial?.enabled === true ? initial : null,
    inForce(stored) {
      const section = stored ?? base ?? DEFAULT_TRACING_SECTION;
      return overlay(parsed, "flag", section) ?? section;
    },
  };
}

/** `base` with the options of one source over it; null when that source has none. */
function overlay(
  { options, sources }: ParsedOptions,
  source: OptionSource,
  base: TracingSection,
): TracingSection | null {
  const given = <T extends keyof typeof sources & `tracing-${string}`>(name: T): string | null =>
    sources[name] === source ? options[name] : null;
  const endpoint = given("tracing-endpoint");
  const prefix = given("tracing-service-prefix");
  const probability = given("tracing-sampling-probability");
  const tokenHeader = given("tracing-auth-token-header");
  const tokenFile = given("tracing-auth-token-file");
  if ([endpoint, prefix, probability, tokenHeader, tokenFile].every((value) => value === null)) return null;
  return normaliseTracing({
    ...base,
    // An endpoint alone means "trace to this collector, whatever its certificate": what the playground needs.
    ...(endpoint === null
      ? {}
      : { enabled: endpoint !== "", exporter_endpoint: endpoint, skip_verify: true }),
    ...(prefix === null ? {} : { service_name_prefix: prefix }),
    ...(probability === null ? {} : { sampler_probability: probability }),
    exporter_auth: {
      token_header: tokenHeader ?? base.exporter_auth.token_header,
      token_file: tokenFile ?? base.exporter_auth.token_file,
    },
  });
}
