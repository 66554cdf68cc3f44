/** The attributes that requests have in common with those before them, as blocks that are encoded once. */
import { AttributeBlock } from "@ais/tracing/attribute-block.ts";
import { OPERATIONS, type Operation } from "@ais/wire/operations.ts";
import { bucketText } from "./bucket-of.ts";

/** Absent texts are null; an absent bucket has no name. */
export interface ClientAndBucket {
  readonly host: string | null;
  readonly userAgent: string | null;
  readonly bucketName: string;
  readonly provider: string | null;
  readonly namespace: string | null;
  readonly smapVersion: string;
}

interface Known extends ClientAndBucket {
  readonly block: AttributeBlock;
}

/** More kinds of clients than this at a time cost a block a request, as much as its attributes would. */
const KNOWN_MAX = 16;

export class RequestBlocks {
  readonly #byOperation = new Map<Operation, { readonly method: string; readonly block: AttributeBlock }>();
  /** Statuses are our own, and few. */
  readonly #byStatus = new Map<number, AttributeBlock>();
  /** A ring: what is not asked for any more is overwritten. */
  readonly #known: Known[] = [];
  #next = 0;
  #last = 0;

  ofOperation(operation: Operation, method: string): AttributeBlock {
    const known = this.#byOperation.get(operation);
    // Where an operation takes any method, callers could name ever new ones: only the last one is kept.
    if (known?.method === method) return known.block;
    const block = new AttributeBlock({
      ...requestMethod(method),
      "http.route": OPERATIONS[operation].route,
      "url.scheme": "http",
      "network.protocol.version": "1.1",
      "ais.operation": operation,
    });
    this.#byOperation.set(operation, { method, block });
    return block;
  }

  ofStatus(status: number): AttributeBlock {
    let block = this.#byStatus.get(status);
    if (block === undefined) {
      block = new AttributeBlock({ "http.response.status_code": status });
      this.#byStatus.set(status, block);
    }
    return block;
  }

  ofClientAndBucket(facts: ClientAndBucket): AttributeBlock {
    const known = this.#known;
    // Most requests are like the one before.
    for (let i = 0, at = this.#last; i < known.length; i++, at = (at + 1) % known.length) {
      const one = known[at];
      if (one === undefined || !isSame(one, facts)) continue;
      this.#last = at;
      return one.block;
    }
    const block = clientAndBucket(facts);
    known[this.#next] = { ...facts, block };
    this.#last = this.#next;
    this.#next = (this.#next + 1) % KNOWN_MAX;
    return block;
  }
}

/** Semantic conventions know these; any other is `_OTHER`. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(
  "CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT QUERY TRACE".split(" "),
);

function requestMethod(method: string): Readonly<Record<string, string>> {
  return KNOWN_METHODS.has(method)
    ? { "http.request.method": method }
    : { "http.request.method": "_OTHER", "http.request.method_original": method };
}

function isSame(left: ClientAndBucket, right: ClientAndBucket): boolean {
  return (
    left.bucketName === right.bucketName &&
    left.host === right.host &&
    left.userAgent === right.userAgent &&
    left.smapVersion === right.smapVersion &&
    left.provider === right.provider &&
    left.namespace === right.namespace
  );
}

function clientAndBucket(facts: ClientAndBucket): AttributeBlock {
  const { host, userAgent, bucketName, provider, namespace, smapVersion } = facts;
  return new AttributeBlock({
    ...(host === null ? {} : serverAddress(host)),
    ...(userAgent === null ? {} : { "user_agent.original": userAgent }),
    ...(bucketName === "" ? {} : { "ais.bucket": bucketText(bucketName, provider, namespace) }),
    "ais.smap.version": Number(smapVersion),
  });
}

function serverAddress(host: string): Readonly<Record<string, string | number>> {
  const colon = host.lastIndexOf(":");
  const port = colon < 0 ? "" : host.slice(colon + 1);
  if (!/^\d{1,5}$/.test(port)) return { "server.address": withoutBrackets(host) };
  return { "server.address": withoutBrackets(host.slice(0, colon)), "server.port": Number(port) };
}

/** `Host` has brackets around an IPv6 address, which is none of the address. */
function withoutBrackets(address: string): string {
  return address.startsWith("[") && address.endsWith("]") ? address.slice(1, -1) : address;
}
