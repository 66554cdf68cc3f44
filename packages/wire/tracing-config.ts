/** The `tracing` section of the cluster config (tracing.md 1). */
export interface TracingSection {
  readonly enabled: boolean;
  /** `host:port`, `http://host:port` (plaintext) or `https://host:port` (TLS). */
  readonly exporter_endpoint: string;
  readonly service_name_prefix: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text of a number from 0 to 1. */
  readonly sampler_probability: string;
  readonly skip_verify: boolean;
  readonly exporter_auth: { readonly token_header: string; readonly token_file: string };
}

export const DEFAULT_TRACING_SECTION: TracingSection = {
  enabled: false,
  exporter_endpoint: "",
  service_name_prefix: "aistore",
  attributes: {},
  sampler_probability: "1.0",
  skip_verify: false,
  exporter_auth: { token_header: "", token_file: "" },
};
