/** Clients that write, read and delete objects while nodes come and go, and know what must be there afterwards. */
import { expect } from "bun:test";
import type { SeededRandom } from "@ais/testkit/random.ts";
import type { ClusterClient } from "./cluster.fixture.ts";

/** Inline, and in files of their own; the last one takes several pieces. */
const SIZES = [10, 3000, 16_385, 90_000] as const;

interface Version {
  readonly fill: number;
  readonly size: number;
}

/** What may be there: null stands for nothing. */
type Allowed = readonly (Version | null)[];

export class MembershipLoad {
  /** Replies that no state of the cluster excuses. */
  readonly violations: string[] = [];
  /** Requests that failed for now, and were not counted on. */
  refusals = 0;
  done = 0;
  readonly #urls: readonly [string, ...string[]];
  readonly #bucket: string;
  readonly #random: SeededRandom;
  readonly #objects = new Map<string, Allowed>();
  readonly #workers: Promise<unknown>;
  #isRunning = true;

  constructor(
    urls: readonly [string, ...string[]],
    bucket: string,
    random: SeededRandom,
    workers: number,
    names: number,
  ) {
    this.#urls = urls;
    this.#bucket = bucket;
    this.#random = random;
    // Every worker has its own names, so that it knows what it did to them.
    this.#workers = Promise.all(Array.from({ length: workers }, (_, worker) => this.#work(worker, names)));
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#workers;
  }

  /** Everything is read once more, with nothing else going on. */
  async verify(): Promise<void> {
    for (const name of this.#objects.keys()) await this.#get(name, true);
  }

  /** Names that must be in a listing, and those that must not. */
  expected(): { readonly present: readonly string[]; readonly absent: readonly string[] } {
    const entries = [...this.#objects];
    return {
      present: entries.filter(([, allowed]) => !allowed.includes(null)).map(([name]) => name),
      absent: entries.filter(([, allowed]) => allowed.every((each) => each === null)).map(([name]) => name),
    };
  }

  async #work(worker: number, names: number): Promise<void> {
    while (this.#isRunning) {
      const name = `w${worker}/${this.#random.integer(0, names - 1)}`;
      const dice = this.#random.integer(0, 9);
      if (dice < 4) await this.#put(name);
      else if (dice < 8) await this.#get(name, false);
      else await this.#delete(name);
      this.done++;
    }
  }

  async #put(name: string): Promise<void> {
    const version = { fill: this.#random.integer(1, 255), size: this.#random.pick(SIZES) };
    const reply = await this.#call("PUT", name, Buffer.alloc(version.size, version.fill));
    if (reply?.status === 200) this.#objects.set(name, [version]);
    else this.#doubt(name, version, reply, "PUT");
  }

  async #delete(name: string): Promise<void> {
    const reply = await this.#call("DELETE", name);
    const allowed = this.#allowed(name);
    if (reply?.status === 200 || (reply?.status === 404 && allowed.includes(null))) {
      if (reply.status === 200 && allowed.every((each) => each === null))
        this.violations.push(`DELETE ${name}: found what was deleted`);
      this.#objects.set(name, [null]);
    } else if (reply?.status === 404) {
      this.violations.push(`DELETE ${name}: 404 of ${JSON.stringify(allowed)}`);
    } else this.#doubt(name, null, reply, "DELETE");
  }

  async #get(name: string, isFinal: boolean): Promise<void> {
    const reply = await this.#call("GET", name);
    const allowed = this.#allowed(name);
    if (reply === null || reply.status >= 500) {
      this.refusals++;
      if (isFinal) this.violations.push(`GET ${name}: ${reply?.status} ${reply?.body.toString()}`);
      return;
    }
    const found =
      reply.status === 404
        ? allowed.find((each) => each === null)
        : allowed.find(
            (each) =>
              each !== null && reply.body.equals(Buffer.alloc(each.size, each.fill)) && reply.status === 200,
          );
    if (found === undefined) {
      const what = `${reply.status}, ${reply.body.length} bytes of ${reply.body[0]}`;
      this.violations.push(`GET ${name}: ${what}, want one of ${JSON.stringify(allowed)}`);
    } else this.#objects.set(name, [found]);
  }

  /** A write whose outcome nobody knows: what was there before may be there still. */
  #doubt(name: string, wanted: Version | null, reply: Reply | null, what: string): void {
    if (reply !== null && reply.status < 500)
      this.violations.push(`${what} ${name}: ${reply.status} ${reply.body.toString()}`);
    this.refusals++;
    this.#objects.set(name, [...this.#allowed(name), wanted]);
  }

  #allowed(name: string): Allowed {
    return this.#objects.get(name) ?? [null];
  }

  async #call(method: string, name: string, body?: Buffer<ArrayBuffer>): Promise<Reply | null> {
    const url = this.#random.pick(this.#urls);
    try {
      const reply = await fetch(`${url}/v1/objects/${this.#bucket}/${name}`, {
        method,
        ...(body === undefined ? {} : { body }),
      });
      return { status: reply.status, body: Buffer.from(await reply.arrayBuffer()) };
    } catch {
      return null;
    }
  }
}

interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

/** Ends the load; everything must be there as it was acknowledged, read by name and in the listing. */
export async function checkLoad(load: MembershipLoad, client: ClusterClient): Promise<void> {
  await load.stop();
  await load.verify();
  expect(load.violations).toEqual([]);
  const listed = new Set(await client.names("b", "w"));
  const { present, absent } = load.expected();
  expect(present.filter((name) => !listed.has(name))).toEqual([]);
  expect(absent.filter((name) => listed.has(name))).toEqual([]);
  console.log(`${load.done} requests, ${load.refusals} refused for the moment`);
}
