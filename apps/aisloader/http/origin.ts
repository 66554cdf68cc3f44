import { AisError } from "@ais/base/errors.ts";

/** Where a connection goes. */
export interface Origin {
  /** `http://host:port`; the key under which connections are kept. */
  readonly url: string;
  /** Without the brackets of IPv6. */
  readonly hostname: string;
  readonly port: number;
  /** Value of the header `Host`. */
  readonly hostHeader: string;
}

/** Throws `badRequest` unless the text is a plain `http` URL; a path in it is dropped. */
export function parseOrigin(text: string): Origin {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url === null || url.hostname === "") throw new AisError("badRequest", `invalid endpoint "${text}"`);
  if (url.protocol !== "http:") {
    throw new AisError(
      "badRequest",
      `unsupported scheme of endpoint "${text}": have ${url.protocol}, want http:`,
    );
  }
  return {
    url: url.origin,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 80 : Number(url.port),
    hostHeader: url.host,
  };
}
