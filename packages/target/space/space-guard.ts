/**
 * Refuses writes while a mountpath of this target is used beyond `space.out_of_space`, as AIStore does: whatever mountpath
 * the object would go to. Reads and deletions go on, and space that comes back is noticed by the next write.
 */
import type { Clock } from "@ais/base/clock.ts";
import { AisError } from "@ais/base/errors.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { ObjectStore, ObjectUploads } from "@ais/storage/types.ts";
import { judgeSpace, NO_SPACE_STATE, type SpaceState, type Watermarks } from "./space-state.ts";

export interface SpaceGuard {
  /** The store with writes refused while it is full. */
  readonly store: ObjectStore;
  /** As of a moment ago. */
  state(): SpaceState;
}

/** How long one look is good for; a target that is filling looks more often. */
const LOOK_MS = 1_000;
const FILLING_LOOK_MS = 100;

export function createSpaceGuard(
  store: ObjectStore,
  member: Pick<ClusterMember, "snapshot">,
  clock: Clock,
): SpaceGuard {
  let known = NO_SPACE_STATE;
  let judgedBy: Watermarks | null = null;
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  const state = (): SpaceState => {
    const { space } = member.snapshot.config;
    const nowMs = clock.monotonicMs();
    const goodForMs = known.level === "ok" ? LOOK_MS : FILLING_LOOK_MS;
    if (space === judgedBy && nowMs - lookedAtMs < goodForMs) return known;
    known = judgeSpace(store.capacity(goodForMs), space);
    judgedBy = space;
    lookedAtMs = nowMs;
    return known;
  };

  /** Rejects with `outOfSpace`, or does the work. */
  const admit = async <T>(work: () => Promise<T>): Promise<T> => {
    const { level, alert } = state();
    if (level === "full") throw new AisError("outOfSpace", alert, { limit: "out_of_space" });
    return work();
  };

  const { uploads } = store;
  const guardedUploads: ObjectUploads = Object.create(uploads, {
    create: {
      value: ((...args) => admit(() => uploads.create(...args))) satisfies ObjectUploads["create"],
    },
    putPart: {
      value: ((...args) => admit(() => uploads.putPart(...args))) satisfies ObjectUploads["putPart"],
    },
    complete: {
      value: ((...args) => admit(() => uploads.complete(...args))) satisfies ObjectUploads["complete"],
    },
  });
  const guarded: ObjectStore = Object.create(store, {
    put: { value: ((...args) => admit(() => store.put(...args))) satisfies ObjectStore["put"] },
    uploads: { value: guardedUploads },
  });
  return { store: guarded, state };
}
