/** A client for jobs, made by hand from the wire document. */
import { createHash } from "node:crypto";
import { request } from "node:http";
import type { TestCluster } from "@ais/testkit/cluster.ts";

export interface Snap {
  readonly id: string;
  readonly kind: string;
  readonly "start-time": string;
  readonly "end-time": string;
  readonly "abort-err": string;
  readonly err: string;
  readonly aborted: boolean;
  readonly is_idle: boolean;
  readonly "glob.id": string;
  readonly ctlmsg?: string;
  readonly stats: Readonly<Record<string, string>>;
  readonly bck: { readonly name: string };
  readonly "src-bck": { readonly name: string };
  readonly "dst-bck": { readonly name: string };
}

export interface Status {
  readonly kind: string;
  readonly uuid: string;
  readonly err: string;
  readonly end_time: number;
  readonly aborted: boolean;
}

const PARALLEL = 16;

export class JobClient {
  readonly #cluster: TestCluster;

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  act(method: string, path: string, action: string, value: unknown = null): Promise<Response> {
    return fetch(`${this.#cluster.url}${path}`, {
      method,
      body: JSON.stringify({ action, name: "", value }),
    });
  }

  async create(bucket: string): Promise<void> {
    const reply = await this.act("POST", `/v1/buckets/${bucket}`, "create-bck");
    if (reply.status !== 200) throw new Error(await reply.text());
  }

  /** The text of a reply that must be 200: a job's id. */
  async job(method: string, path: string, action: string, value: unknown = null): Promise<string> {
    const reply = await this.act(method, path, action, value);
    const text = await reply.text();
    if (reply.status !== 200) throw new Error(`${method} ${path} ${action}: ${reply.status} ${text}`);
    return text;
  }

  async query(
    what: string,
    query: object = {},
  ): Promise<{ readonly status: number; readonly json: unknown }> {
    const { status, text } = await getWithBody(`${this.#cluster.url}/v1/cluster?what=${what}`, query);
    return { status, json: JSON.parse(text) };
  }

  async status(id: string): Promise<Status> {
    const { status, json } = await this.query("status", { id });
    if (status !== 200) throw new Error(JSON.stringify(json));
    return json as Status;
  }

  async snaps(query: object): Promise<readonly Snap[]> {
    const { status, json } = await this.query("qryxstats", query);
    if (status !== 200) throw new Error(JSON.stringify(json));
    return Object.values(json as Readonly<Record<string, readonly Snap[]>>).flat();
  }

  async wait(id: string, timeoutMs = 60_000): Promise<Status> {
    return until(timeoutMs, `job ${id} to end`, async () => {
      const status = await this.status(id);
      return status.end_time === 0 ? null : status;
    });
  }

  /** As clients wait for kinds that idle: two looks in a row at which every snap is idle. */
  async waitIdle(id: string, timeoutMs = 60_000): Promise<readonly Snap[]> {
    let seen = 0;
    return until(timeoutMs, `job ${id} to idle`, async () => {
      const snaps = await this.snaps({ id });
      seen = snaps.length > 0 && snaps.every((snap) => snap.is_idle) ? seen + 1 : 0;
      return seen === 2 ? snaps : null;
    });
  }

  async put(bucket: string, name: string, body: Uint8Array<ArrayBuffer> | string): Promise<number> {
    const reply = await fetch(`${this.#cluster.url}/v1/objects/${bucket}/${name}`, { method: "PUT", body });
    return reply.status;
  }

  async fill(
    bucket: string,
    names: readonly string[],
    bodyOf: (name: string) => Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    await each(names, async (name) => {
      const status = await this.put(bucket, name, bodyOf(name));
      if (status !== 200) throw new Error(`PUT ${name}: ${status}`);
    });
  }

  async names(bucket: string, prefix = ""): Promise<readonly string[]> {
    const names: string[] = [];
    let token = "";
    do {
      const value = { prefix, pagesize: 1000, continuation_token: token, props: "name" };
      const reply = await this.#list(bucket, value);
      names.push(...reply.entries.map((entry) => entry.name));
      token = reply.continuation_token;
    } while (token !== "");
    return names;
  }

  /** Names whose content is not what `bodyOf` says, read through the cluster as any client would. */
  async wrong(
    bucket: string,
    names: readonly string[],
    bodyOf: (name: string) => Uint8Array<ArrayBuffer>,
  ): Promise<readonly string[]> {
    const wrong: string[] = [];
    await each(names, async (name) => {
      const reply = await fetch(`${this.#cluster.url}/v1/objects/${bucket}/${name}`);
      const body = Buffer.from(await reply.arrayBuffer());
      if (reply.status !== 200 || !body.equals(bodyOf(name)))
        wrong.push(`${name}: ${reply.status}, ${body.length} bytes`);
    });
    return wrong;
  }

  async #list(bucket: string, value: object): Promise<ListReply> {
    const message = { action: "list", name: "", value };
    const { status, text } = await getWithBody(`${this.#cluster.url}/v1/buckets/${bucket}`, message);
    if (status !== 200) throw new Error(text);
    return JSON.parse(text);
  }
}

interface Sending {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `fetch` sends no body with GET; the cluster wants one. */
export function getWithBody(
  url: string,
  body: object,
  { method = "GET", headers = {} }: Sending = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const bytes = Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      { method, headers: { ...headers, "content-length": bytes.length } },
      (reply) => {
        let text = "";
        reply.on("data", (chunk) => {
          text += chunk;
        });
        reply.on("end", () => resolve({ status: reply.statusCode ?? 0, text }));
      },
    );
    call.on("error", reject);
    call.end(bytes);
  });
}

interface ListReply {
  readonly entries: readonly { readonly name: string }[];
  readonly continuation_token: string;
}

export async function until<T>(timeoutMs: number, what: string, look: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await Bun.sleep(50);
  }
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

/** Content that only its name gives; some of it inline, some in files. */
export function contentOf(name: string): Buffer<ArrayBuffer> {
  const seed = createHash("sha256").update(name).digest();
  const size = (seed[0] ?? 0) < 200 ? 10 + (seed[1] ?? 0) : 20_000 + (seed[1] ?? 0) * 300;
  return Buffer.concat(Array.from({ length: Math.ceil(size / 32) }, () => seed)).subarray(0, size);
}

export function numbered(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, "0")}`);
}
