/**
 * Which `tracing` section is in force on this node: the stored cluster config wins over the environment, and explicit
 * flags over both (tracing.md 1).
 */
import { DEFAULT_TRACING_SECTION, normaliseTracing, type TracingSection } from "@ais/wire/tracing-config.ts";
import type { OptionSource, ParsedOptions } from "./options.ts";

export interface TracingChoice {
  /** The environment's section; null when it asks for no tracing. */
  readonly fromEnvironment: TracingSection | null;
  /** The section of a cluster that this node makes; null when neither flags nor environment ask for tracing. */
  readonly initial: TracingSection | null;
  /** The section to apply when the cluster config has `stored`; undefined is a config without a section. */
  inForce(stored: TracingSection | undefined): TracingSection;
}

/** Throws `badRequest` when what flags and environment say makes no valid section. */
export function chooseTracing(parsed: ParsedOptions): TracingChoice {
  const fromEnvironment = enabledOnly(overlay(parsed, "environment", DEFAULT_TRACING_SECTION));
  const withFlags = (section: TracingSection): TracingSection => overlay(parsed, "flag", section) ?? section;
  return {
    fromEnvironment,
    initial: enabledOnly(withFlags(fromEnvironment ?? DEFAULT_TRACING_SECTION)),
    inForce: (stored) => withFlags(stored ?? fromEnvironment ?? DEFAULT_TRACING_SECTION),
  };
}

function enabledOnly(section: TracingSection | null): TracingSection | null {
  return section?.enabled === true ? section : null;
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
