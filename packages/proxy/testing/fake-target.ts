/** A target as far as a proxy can see: a real listener with a handful of objects. */
import { encodeJson } from "@ais/wire/json.ts";
import { parseListPageRequest } from "@ais/wire/list-page.ts";
import { ENTRY_FLAGS, type LsoEntry } from "@ais/wire/lso.ts";
import type { Snode } from "@ais/wire/smap.ts";
import { fakeNode } from "./fake-member.ts";

export interface SeenRequest {
  readonly method: string;
  readonly pathAndQuery: string;
  readonly traceparent: string | null;
  readonly body: string;
}

export class FakeTarget implements AsyncDisposable {
  readonly node: Snode;
  readonly seen: SeenRequest[] = [];
  /** Replies with this instead of an answer. */
  failure: (() => Response) | null = null;
  readonly #server: Bun.Server<undefined>;
  readonly #names: readonly string[];

  constructor(id: string, names: readonly string[], digest = BigInt(Bun.hash(id))) {
    this.#names = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    this.#server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => this.#serve(request) });
    this.node = fakeNode(id, "target", `http://127.0.0.1:${this.#server.port}`, digest);
  }

  async #serve(request: Request): Promise<Response> {
    const { pathname, search, searchParams } = new URL(request.url);
    const body = await request.text();
    const traceparent = request.headers.get("traceparent");
    this.seen.push({ method: request.method, pathAndQuery: pathname + search, traceparent, body });
    if (this.failure !== null) return this.failure();
    switch (pathname) {
      case "/v1/intra/list":
        return new Response(encodeJson(this.#page(body)), {
          headers: { "content-type": "application/json" },
        });
      case "/v1/intra/sync":
        return new Response(null);
      case "/v1/daemon":
        return new Response(`{"what":"${searchParams.get("what")}","big":18446744073709551615}\n`);
    }
    return new Response("not a call of a proxy", { status: 400 });
  }

  #page(body: string) {
    const { prefix, after, limit, delimiter } = parseListPageRequest(body);
    const entries = new Map<string, LsoEntry>();
    for (const name of this.#names) {
      if (!name.startsWith(prefix)) continue;
      const slash = delimiter === "" ? -1 : name.indexOf("/", prefix.length);
      const listed = slash < 0 ? name : name.slice(0, slash + 1);
      if (after !== "" && Buffer.compare(Buffer.from(listed), Buffer.from(after)) <= 0) continue;
      const flags = slash < 0 ? ENTRY_FLAGS.cached : ENTRY_FLAGS.directory;
      entries.set(listed, slash < 0 ? { name, sizeBytes: 2 ** 33, flags } : { name: listed, flags });
    }
    const all = [...entries.values()];
    return { entries: all.slice(0, limit), more: all.length > limit };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}
