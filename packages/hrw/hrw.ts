/** Rendezvous hashing as AIStore's clients compute it (wire-compat 8). */
import xxhash from "xxhash-wasm";
import { highestRandomWeight } from "./weight.ts";

/** Seed of every digest. */
export const HRW_SEED = 1_103_515_245n;

/** What may be chosen: a target, a mountpath. `digest` is `Hrw.digest(id)`, or the Smap's `id_digest`. */
export interface HrwNode {
  readonly id: string;
  readonly digest: bigint;
}

export interface Hrw {
  /** XXH64 of the UTF-8 of `text` under the seed of placement: node ids and unames. */
  digest(text: string): bigint;
  /** XXH64 of the UTF-8 of `text` under a seed of choice. */
  xxh64(text: string, seed: bigint): bigint;
  /**
   * The node with the highest weight for `uname`; null when there is none. Keep the array while the cluster map stays:
   * what is derived from it is remembered by its identity.
   */
  choose<N extends HrwNode>(nodes: readonly N[], uname: string): N | null;
  /** The same as `choose`, for lists of targets. */
  chooseTarget<N extends HrwNode>(nodes: readonly N[], uname: string): N | null;
  /** Weight of a node for an object, both by digest. */
  weight(nodeDigest: bigint, objectDigest: bigint): bigint;
}
