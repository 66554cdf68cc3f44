import { ByteReader } from "./byte-reader.ts";

export interface PartialSuccess {
  readonly rejectedSpans: number;
  readonly message: string;
}

/** `ExportTraceServiceResponse`; throws `badRequest` when the collector sent something else. */
export function decodeExportResponse(bytes: Uint8Array): PartialSuccess {
  let partial: PartialSuccess = { rejectedSpans: 0, message: "" };
  const reader = new ByteReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) partial = decodePartialSuccess(reader.message());
    else reader.skip();
  }
  return partial;
}

function decodePartialSuccess(reader: ByteReader): PartialSuccess {
  let rejectedSpans = 0;
  let message = "";
  while (reader.next()) {
    if (reader.field === 1) rejectedSpans = Number(reader.int64());
    else if (reader.field === 2) message = reader.text();
    else reader.skip();
  }
  return { rejectedSpans, message };
}
