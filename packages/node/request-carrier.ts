import type { InboundCarrier, InboundFacts } from "@ais/tracing/types.ts";
import { objectPath } from "@ais/wire/paths.ts";
import { bucketOf } from "./bucket-of.ts";
import type { Detected } from "./detect.ts";
import type { HttpRequest } from "./http/types.ts";
import type { ParsedQuery } from "./query.ts";

/** What tracing reads of a request. */
export class RequestCarrier implements InboundCarrier {
  readonly #request: HttpRequest;
  readonly #query: ParsedQuery;
  readonly #detected: Detected;

  constructor(request: HttpRequest, query: ParsedQuery, detected: Detected) {
    this.#request = request;
    this.#query = query;
    this.#detected = detected;
  }

  header(name: string): string | null {
    return this.#request.header(name);
  }

  query(name: string): string | null {
    return this.#query.traceItem(name);
  }

  facts(): InboundFacts {
    const { operation, bucketName, objectName } = this.#detected;
    const { contentLengthBytes, rawPath } = this.#request;
    return {
      operation,
      bucket: bucketOf({ bucketName, query: this.#query }),
      // Other bodies are messages, not objects.
      sizeBytes: operation === "object.put" ? contentLengthBytes : null,
      // Clients may escape a redirect's path anew, so it is made from the names again. Nodes send what they sign.
      path: isRedirected(this.#detected) ? objectPath(bucketName, objectName) : rawPath,
    };
  }
}

function isRedirected({ operation, objectName }: Detected): boolean {
  return objectName !== "" && operation.startsWith("object.");
}
