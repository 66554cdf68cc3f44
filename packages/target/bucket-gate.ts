/**
 * Keeps clients from changing a bucket that is being renamed. Its objects move one after another, so a change after its
 * object has moved would be lost with the old bucket. Reads go on.
 */
import { AisError } from "@ais/base/errors.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { ObjectKey, ObjectStore, ObjectUploads } from "@ais/storage/types.ts";
import { type Bmd, listBuckets } from "@ais/wire/bmd.ts";
import { bucketId } from "@ais/wire/bprops.ts";

export interface BucketGate {
  /** The store with changes of buckets under rename refused. */
  readonly store: ObjectStore;
  /** Changes under way in a bucket. */
  writers(bucketId: bigint): number;
}

export function createBucketGate(store: ObjectStore, member: ClusterMember): BucketGate {
  const writers = new Map<bigint, number>();
  let seen: Bmd | null = null;
  let closed: ReadonlySet<bigint> = new Set();

  const isClosed = (id: bigint): boolean => {
    const { bmd } = member.snapshot;
    if (bmd !== seen) {
      seen = bmd;
      closed = new Set(
        listBuckets(bmd)
          .filter(({ props }) => props.Renamed !== "")
          .map(({ props }) => bucketId(props)),
      );
    }
    return closed.has(id);
  };

  const leave = (id: bigint): void => {
    const left = (writers.get(id) ?? 1) - 1;
    if (left > 0) writers.set(id, left);
    else writers.delete(id);
  };

  /** Counted in the same turn as it is let in, so that whoever sees no writer and a closed gate sees the last of them. */
  const pass = <T>({ bucketId: id, bucketName }: ObjectKey, work: () => Promise<T>): Promise<T> => {
    if (isClosed(id)) {
      return Promise.reject(new AisError("conflict", `bucket "${bucketName}" is being renamed`));
    }
    writers.set(id, (writers.get(id) ?? 0) + 1);
    return work().then(
      (value) => {
        leave(id);
        return value;
      },
      (error: unknown) => {
        leave(id);
        throw error;
      },
    );
  };

  const uploads: ObjectUploads = Object.create(store.uploads, {
    complete: {
      value: ((key, ...rest) =>
        pass(key, () => store.uploads.complete(key, ...rest))) satisfies ObjectUploads["complete"],
    },
  });
  const gated: ObjectStore = Object.create(store, {
    put: {
      value: ((key, ...rest) => pass(key, () => store.put(key, ...rest))) satisfies ObjectStore["put"],
    },
    setCustom: {
      value: ((key, ...rest) =>
        pass(key, () => store.setCustom(key, ...rest))) satisfies ObjectStore["setCustom"],
    },
    deleteUnchanged: {
      value: ((key, ...rest) =>
        pass(key, () => store.deleteUnchanged(key, ...rest))) satisfies ObjectStore["deleteUnchanged"],
    },
    uploads: { value: uploads },
    delete: {
      value: ((key, ...rest) => pass(key, () => store.delete(key, ...rest))) satisfies ObjectStore["delete"],
    },
  });
  return { store: gated, writers: (id) => writers.get(id) ?? 0 };
}
