/**
 * The store as requests see it: while placement is not settled, an object that other targets still hold is there all the same,
 * and one that is deleted here does not come back from there. Costs nothing to speak of when placement is settled.
 */
import { isAisError } from "@ais/base/errors.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import type {
  ObjectAttributes,
  ObjectKey,
  ObjectReader,
  ObjectStore,
  ObjectUploads,
} from "@ais/storage/types.ts";
import { isUnchanged } from "@ais/storage/unchanged.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Span } from "@ais/tracing/types.ts";
import { isSettled } from "@ais/wire/rmd.ts";
import type { Claims } from "./claims.ts";
import type { Sending } from "./hand-over.ts";
import { writeAtOwner } from "./require-owner.ts";

export interface SettlingParts {
  /** What this target itself holds. */
  readonly local: ObjectStore;
  readonly member: ClusterMember;
  readonly claims: Claims;
  readonly handOver: Sending;
  readonly nodeId: string;
}

const NEVER = new AbortController().signal;

export function createSettlingStore(parts: SettlingParts): ObjectStore {
  const { local, member, claims, handOver, nodeId } = parts;
  const isSettledNow = (): boolean => isSettled(member.snapshot);
  const isOwner = (key: ObjectKey): boolean => handOver.ownerOf(key.uname)?.daemon_id === nodeId;

  /** True when something came in. */
  const fetch = async (key: ObjectKey, span: Span): Promise<boolean> => {
    if (!isOwner(key)) return false;
    const here = await local.head(key, NOOP_SPAN);
    if (here !== null && (!claims.isOutdated || claims.isFresh(key.uname))) return false;
    const { smap } = member.snapshot;
    const came = await claims.fetch(key, here?.createdNs ?? 0n, span);
    if (claims.isOutdated) claims.noteFresh(key.uname, smap);
    // One that was on its way here is at none of the others, and arrived meanwhile.
    return came || (here === null && (await local.head(key, NOOP_SPAN)) !== null);
  };
  const mustAskFirst = (): boolean => !isSettledNow() && claims.isOutdated;

  const lateGet = async (...[key, options, span]: Parameters<ObjectStore["get"]>): Promise<ObjectReader> => {
    if (mustAskFirst()) await fetch(key, span);
    try {
      return await local.get(key, options, span);
    } catch (error) {
      if (!isAisError(error, "notFound") || !(await fetch(key, span))) throw error;
      return local.get(key, options, span);
    }
  };

  const atOwner = async (
    key: ObjectKey,
    span: Span,
    write: () => Promise<ObjectAttributes>,
  ): Promise<ObjectAttributes> => {
    const { smap } = member.snapshot;
    const attributes = await writeAtOwner(key, smap, parts, write, span);
    if (!isSettledNow() && claims.isOutdated) claims.noteFresh(key.uname, smap);
    return attributes;
  };

  const uploads: ObjectUploads = Object.create(local.uploads, {
    complete: {
      // Parts stay where the upload was begun, which need not be the owner any more.
      value: (async (key, uploadId, options, span) => {
        const attributes = await local.uploads.complete(key, uploadId, options, span);
        await handOver.run(key, "", NEVER, span);
        return attributes;
      }) satisfies ObjectUploads["complete"],
    },
  });
  const methods: Pick<ObjectStore, "get" | "head" | "put" | "delete" | "deleteUnchanged" | "setCustom"> = {
    get: (key, options, span) =>
      isSettledNow() ? local.get(key, options, span) : lateGet(key, options, span),
    async head(key, span) {
      if (mustAskFirst()) await fetch(key, span);
      const here = await local.head(key, span);
      if (here !== null || isSettledNow() || !(await fetch(key, span))) return here;
      return local.head(key, span);
    },
    put: (key, body, options, span) => atOwner(key, span, () => local.put(key, body, options, span)),
    // Elsewhere first: what is on its way here has arrived by then, and goes with the rest.
    async delete(key, durability, span, notNewerThanNs) {
      const mustAsk = !isSettledNow() && isOwner(key);
      const wasElsewhere = mustAsk && (await claims.drop(key, span, notNewerThanNs));
      return (await local.delete(key, durability, span, notNewerThanNs)) || wasElsewhere;
    },
    async deleteUnchanged(key, looked, span) {
      if (!isSettledNow() && isOwner(key)) {
        // What was looked at may be outdated, and the newest form of it at another target: that is to stay.
        if (mustAskFirst()) await fetch(key, span);
        const here = await local.head(key, span);
        if (here === null || !isUnchanged(here, looked)) return false;
        // One that was written since by an older cluster map, and is on its way here, is another one.
        await claims.drop(key, span, looked.createdNs);
      }
      return local.deleteUnchanged(key, looked, span);
    },
    async setCustom(key, change, durability, span) {
      if (mustAskFirst()) await fetch(key, span);
      const changed = await local.setCustom(key, change, durability, span);
      if (changed !== null || isSettledNow() || !(await fetch(key, span))) return changed;
      return local.setCustom(key, change, durability, span);
    },
  };
  const descriptors = Object.entries({ ...methods, uploads }).map(
    ([name, value]): [string, PropertyDescriptor] => [name, { value }],
  );
  return Object.create(local, Object.fromEntries(descriptors));
}
