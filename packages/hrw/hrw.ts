/** Rendezvous hashing as AIStore's clients compute it (wire-compat 8). Runs in browsers too. */
import xxhash, { type XXHashAPI } from "xxhash-wasm";
import { weigh } from "./weight.ts";

/** Seed of every digest. */
export const HRW_SEED = 1_103_515_245n;

/** What may be chosen: a target, or a mountpath inside one. */
export interface HrwNode {
  readonly id: string;
  /** `Hrw.digest(id)`; for targets the Smap has it as `id_digest`. */
  readonly digest: bigint;
}

/** 64-bit digests of a list of nodes as pairs of high and low halves. */
type DigestHalves = Uint32Array;

export class Hrw {
  readonly #xxhash: XXHashAPI;
  readonly #halvesOf = new WeakMap<readonly HrwNode[], DigestHalves>();
  readonly #scratch = new DataView(new ArrayBuffer(8));
  readonly #weight = new Uint32Array(2);

  constructor(api: XXHashAPI) {
    this.#xxhash = api;
  }

  /** XXH64 of the UTF-8 of `text` under the seed of placement: of node ids and of unames. */
  digest(text: string): bigint {
    return this.#xxhash.h64(text, HRW_SEED);
  }

  /** XXH64 of the UTF-8 of `text` under another seed. */
  xxh64(text: string, seed: bigint): bigint {
    return this.#xxhash.h64(text, seed);
  }

  /** Weight of a node for an object, both by digest: the number whose maximum wins. */
  weight(nodeDigest: bigint, objectDigest: bigint): bigint {
    this.#scratch.setBigUint64(0, nodeDigest ^ objectDigest);
    weigh(this.#scratch.getUint32(0), this.#scratch.getUint32(4), this.#weight);
    return (BigInt(this.#weight[0] ?? 0) << 32n) | BigInt(this.#weight[1] ?? 0);
  }

  /**
   * The node with the highest weight for `uname`; null when the list is empty. Equal weights mean equal digests, and
   * the first of those wins. Pass the same array while the nodes stay the same: its digests are split once.
   */
  chooseTarget<N extends HrwNode>(nodes: readonly N[], uname: string): N | null {
    if (nodes.length < 2) return nodes[0] ?? null;
    this.#scratch.setBigUint64(0, this.digest(uname));
    const objectHi = this.#scratch.getUint32(0);
    const objectLo = this.#scratch.getUint32(4);
    const halves = this.#digestHalves(nodes);
    const weight = this.#weight;
    let best = 0;
    let bestHi = -1;
    let bestLo = -1;
    for (let index = 0; index < nodes.length; index++) {
      weigh((halves[2 * index] ?? 0) ^ objectHi, (halves[2 * index + 1] ?? 0) ^ objectLo, weight);
      const hi = weight[0] ?? 0;
      const lo = weight[1] ?? 0;
      if (hi > bestHi || (hi === bestHi && lo > bestLo)) {
        best = index;
        bestHi = hi;
        bestLo = lo;
      }
    }
    return nodes[best] ?? null;
  }

  #digestHalves(nodes: readonly HrwNode[]): DigestHalves {
    const known = this.#halvesOf.get(nodes);
    if (known !== undefined) return known;
    const halves = new Uint32Array(2 * nodes.length);
    nodes.forEach((node, index) => {
      this.#scratch.setBigUint64(0, node.digest);
      halves[2 * index] = this.#scratch.getUint32(0);
      halves[2 * index + 1] = this.#scratch.getUint32(4);
    });
    this.#halvesOf.set(nodes, halves);
    return halves;
  }
}

/** Compiles the hash function; one `Hrw` is enough for a process. */
export async function loadHrw(): Promise<Hrw> {
  return new Hrw(await xxhash());
}
