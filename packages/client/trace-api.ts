import { PATHS } from "@ais/wire/paths.ts";
import { QUERY, WHAT } from "@ais/wire/queries.ts";
import type { ClusterInFlight, FinishedRequest, InFlightRequest, TailRemark } from "@ais/wire/requests.ts";
import type { Caller } from "./caller.ts";
import { asJsonObject, type JsonObject, textAt, valueAt } from "./json-view.ts";

/** What of the finished requests is wanted; absent members let everything through. */
export interface TailFilter {
  /** Such as `ais://nnn`. */
  readonly bucket?: string | undefined;
  /** Such as `object.get`. */
  readonly operation?: string | undefined;
  /** `404` or `5xx`. */
  readonly status?: string | undefined;
  /** Such as `100ms`. */
  readonly minDuration?: string | undefined;
  /** Daemon id. */
  readonly node?: string | undefined;
}

/** What nodes know of single requests and of their own tracing. */
export class TraceApi {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** The requests that have not ended, on all nodes, oldest first. */
  async inFlight(): Promise<ClusterInFlight> {
    const query = { [QUERY.what]: WHAT.inFlight };
    const json = await this.#caller.json({ method: "GET", path: PATHS.cluster, query });
    const requests = valueAt(json, "requests");
    const failures = Object.entries(asJsonObject(valueAt(json, "failures")));
    return {
      requests: Array.isArray(requests) ? (requests as InFlightRequest[]) : [],
      failures: Object.fromEntries(failures.map(([node, why]) => [node, String(why)])),
    };
  }

  /** By daemon id, an `ExportTest` each. `nodeId` asks one node only. */
  async test(nodeId = ""): Promise<Readonly<Record<string, JsonObject>>> {
    const query = nodeId === "" ? {} : { [QUERY.traceNode]: nodeId };
    const json = await this.#caller.json({ method: "POST", path: PATHS.traceTest, query });
    return Object.fromEntries(
      Object.entries(asJsonObject(json)).map(([node, result]) => [node, asJsonObject(result)]),
    );
  }

  /** Requests as they finish, until the caller stops asking or `signal` aborts. */
  async tail(filter: TailFilter, signal: AbortSignal): Promise<AsyncGenerator<FinishedRequest | TailRemark>> {
    const query = {
      [QUERY.traceBucket]: filter.bucket,
      [QUERY.traceOperation]: filter.operation,
      [QUERY.traceStatus]: filter.status,
      [QUERY.traceMinDuration]: filter.minDuration,
      [QUERY.traceNode]: filter.node,
    };
    const response = await this.#caller.send({ method: "GET", path: PATHS.traceTail, query, signal });
    return tailLines(response.body);
  }
}

async function* tailLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<FinishedRequest | TailRemark> {
  for await (const line of lines(stream)) {
    const json: unknown = JSON.parse(line);
    if (textAt(json, "node") !== "") yield json as FinishedRequest | TailRemark;
  }
}

/** Lines that hold something: empty ones only keep the connection alive. */
async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .getReader();
  let rest = "";
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const parts = (rest + next.value).split("\n");
      rest = parts.pop() ?? "";
      yield* parts.filter((part) => part !== "");
    }
  } finally {
    // A connection that is given up in the middle has nothing more to say.
    reader.cancel().catch(() => {});
  }
}
