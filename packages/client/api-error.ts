import { parseErrorBody } from "@ais/wire/error-body.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { readText, type TransportResponse } from "./transport.ts";

/** What a node answered instead of what was asked for (wire-compat 0.2). */
export class AisApiError extends Error {
  override readonly name = "AisApiError";
  readonly status: number;
  /** Go error type name such as `ErrBckNotFound`; empty when the node sent none. */
  readonly tcode: string;
  /** Name of the node that failed, such as `t[abc]`; empty when unknown. */
  readonly node: string;
  readonly method: string;
  readonly url: string;

  constructor(message: string, details: ApiErrorDetails) {
    super(message);
    this.status = details.status;
    this.tcode = details.tcode;
    this.node = details.node;
    this.method = details.method;
    this.url = details.url;
  }
}

export interface ApiErrorDetails {
  readonly status: number;
  readonly tcode: string;
  readonly node: string;
  readonly method: string;
  readonly url: string;
}

/** Error bodies are small; more than this is not one of them. */
const ERROR_TEXT_MAX_CHARS = 64 * 1024;

/** HEAD carries the error body in the header `Hdr-Error`. Reads the response to its end. */
export async function apiErrorFrom(method: string, response: TransportResponse): Promise<AisApiError> {
  const headerText = response.header(HEADERS.error.toLowerCase());
  const bodyText = await readText(response).catch(() => "");
  const text = (headerText ?? bodyText).slice(0, ERROR_TEXT_MAX_CHARS);
  const body = parseErrorBody(text);
  const details = { status: response.status, method, url: response.url };
  if (body !== null) {
    return new AisApiError(body.message, { ...details, tcode: body.tcode ?? "", node: body.node });
  }
  const plain = text.trim();
  const path = new URL(response.url).pathname;
  return new AisApiError(
    plain === "" ? `${method} ${path} failed with HTTP status ${response.status}` : plain,
    {
      ...details,
      tcode: "",
      node: "",
    },
  );
}

export function isNotFound(error: unknown): boolean {
  return error instanceof AisApiError && error.status === 404;
}
