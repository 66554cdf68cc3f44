import { sleep } from "@ais/base/lifecycle.ts";

export interface Exchange {
  readonly bucket: string;
  /** Of the reply; empty when it names no trace. */
  readonly traceId: string;
  /** Wall clock, milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
}

const WORKERS = 4;
const CONTENT = "content";
const POLL_MS = 5;

/** Clients that get small objects in turn, from every proxy, until they are stopped. */
export class Traffic {
  readonly exchanges: Exchange[] = [];
  /** What was not a whole reply with status 200. */
  readonly failures: string[] = [];
  readonly #urls: readonly string[];
  readonly #buckets: readonly string[];
  #running = true;
  readonly #done: Promise<unknown>;

  constructor(urls: readonly string[], buckets: readonly string[]) {
    this.#urls = urls;
    this.#buckets = buckets;
    this.#done = Promise.all(Array.from({ length: WORKERS }, (_, worker) => this.#work(worker)));
  }

  static async prepare(url: string, buckets: readonly string[]): Promise<void> {
    for (const bucket of buckets) {
      await fetch(`${url}/v1/buckets/${bucket}`, { method: "POST", body: '{"action":"create-bck"}' });
      await fetch(`${url}/v1/objects/${bucket}/o`, { method: "PUT", body: CONTENT });
    }
  }

  /** Resolves when so many more requests have been answered, on machines of any speed. */
  async more(count: number): Promise<void> {
    const wanted = this.exchanges.length + count;
    while (this.exchanges.length < wanted && this.failures.length === 0) await sleep(POLL_MS);
  }

  /** Ends the clients after their current request. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  /** Requests that began after `fromMs` and ended before `toMs`. */
  between(fromMs: number, toMs = Number.POSITIVE_INFINITY): readonly Exchange[] {
    return this.exchanges.filter(({ startMs, endMs }) => startMs > fromMs && endMs < toMs);
  }

  async #work(worker: number): Promise<void> {
    for (let turn = worker; this.#running; turn++) {
      const url = this.#urls[turn % this.#urls.length] ?? "";
      const bucket = this.#buckets[Math.floor(turn / 2) % this.#buckets.length] ?? "";
      const startMs = Date.now();
      try {
        const reply = await fetch(`${url}/v1/objects/${bucket}/o`);
        const text = await reply.text();
        if (reply.status !== 200 || text !== CONTENT) this.failures.push(`${reply.status} ${text}`);
        const traceId = (reply.headers.get("traceresponse") ?? "").split("-")[1] ?? "";
        this.exchanges.push({ bucket, traceId, startMs, endMs: Date.now() });
      } catch (error) {
        this.failures.push(String(error));
      }
    }
  }
}
