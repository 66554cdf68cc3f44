import { AisError } from "@ais/base/errors.ts";
import type { OtlpResourceSpans } from "./types.ts";

/** Decodes OTLP/JSON, already parsed. Anything of a wrong shape: `AisError` badRequest. */
export function decodeExportJson(value: unknown): OtlpResourceSpans[] {
  throw new AisError("badRequest", `failed to decode OTLP JSON: "resourceSpans" is not a list but ${typeof value}`);
}
