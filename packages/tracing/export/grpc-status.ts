/** gRPC's status of a reply over HTTP/2 (gRPC's PROTOCOL-HTTP2 and http-grpc-status-mapping documents). */
import { STATUS_CODES } from "node:http";
import type { StreamError, StreamReply } from "./http2/client-stream.ts";

/** The codes that this side tells apart. */
export const GRPC_STATUS = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(GRPC_STATUS).map(([name, code]) => [code, name]),
);

export interface GrpcStatus {
  readonly code: number;
  /** `UNAVAILABLE: try later`. */
  readonly text: string;
  /** Encoded `google.rpc.Status`; null for none. */
  readonly details: Buffer | null;
}

const FROM_HTTP: Readonly<Record<string, number>> = {
  400: GRPC_STATUS.INTERNAL,
  401: GRPC_STATUS.UNAUTHENTICATED,
  403: GRPC_STATUS.PERMISSION_DENIED,
  404: GRPC_STATUS.UNIMPLEMENTED,
  429: GRPC_STATUS.UNAVAILABLE,
  502: GRPC_STATUS.UNAVAILABLE,
  503: GRPC_STATUS.UNAVAILABLE,
  504: GRPC_STATUS.UNAVAILABLE,
};
/** Of RST_STREAM, by HTTP/2's error code. */
const FROM_RESET: Readonly<Record<number, number>> = {
  7: GRPC_STATUS.UNAVAILABLE,
  8: GRPC_STATUS.CANCELLED,
  11: GRPC_STATUS.RESOURCE_EXHAUSTED,
  12: GRPC_STATUS.PERMISSION_DENIED,
};

export function statusOf({ headers, trailers }: StreamReply): GrpcStatus {
  // An error without a message comes in one block.
  const last = trailers.has("grpc-status") ? trailers : headers;
  const code = last.get("grpc-status");
  if (code === undefined || !/^\d{1,3}$/.test(code)) {
    const http = headers.get(":status") ?? "";
    return grpcStatus(
      FROM_HTTP[http] ?? GRPC_STATUS.UNKNOWN,
      `HTTP status ${http} ${STATUS_CODES[http] ?? ""}`.trimEnd(),
    );
  }
  const details = last.get("grpc-status-details-bin");
  return {
    ...grpcStatus(Number(code), percentDecoded(last.get("grpc-message") ?? "")),
    details: details === undefined ? null : Buffer.from(details, "base64"),
  };
}

/** Of a call without an answer. */
export function lostStatus({ end, code, message }: StreamError): GrpcStatus {
  switch (end) {
    case "timeout":
      return grpcStatus(GRPC_STATUS.DEADLINE_EXCEEDED, message);
    case "lost":
      return unavailable(message);
    case "reset":
      return grpcStatus(FROM_RESET[code] ?? GRPC_STATUS.INTERNAL, message);
  }
}

export function unavailable(message: string): GrpcStatus {
  return grpcStatus(GRPC_STATUS.UNAVAILABLE, message);
}

function grpcStatus(code: number, message: string): GrpcStatus {
  return { code, text: `${NAMES.get(code) ?? `code ${code}`}: ${message}`, details: null };
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
