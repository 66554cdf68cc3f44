import type { Clock } from "@ais/base/clock.ts";
import type { Logger } from "@ais/base/log.ts";
import type { Hrw, HrwNode } from "@ais/hrw/hrw.ts";
import type { ContentHashing } from "./checksum.ts";
import type { StorageCounters } from "./counters.ts";
import type { StorageFaults } from "./faults.ts";
import type { FileRemoval } from "./files/file-removal.ts";
import type { FileIds } from "./files/object-path.ts";
import type { FreeSpace } from "./free-space.ts";
import type { ObjectIndex } from "./index/object-index.ts";
import type { StorageLimits } from "./limits.ts";
import type { Admission } from "./receive/admission.ts";
import type { BufferPool } from "./receive/buffer-pool.ts";
import type { Guests } from "./sharing.ts";

/** A mountpath in service. Its `id` and `digest` place objects. */
export interface OpenMountpath extends HrwNode {
  readonly path: string;
  readonly index: ObjectIndex;
  readonly fileIds: FileIds;
  readonly removal: FileRemoval;
  readonly space: FreeSpace;
  /** Null when there are none, and in a guest. */
  readonly guests: Guests | null;
}

/** What the operations work with. */
export interface StoreContext {
  readonly mountpaths: readonly OpenMountpath[];
  /** Other processes have the mountpaths open too. */
  readonly isShared: boolean;
  readonly hrw: Hrw;
  readonly hashing: ContentHashing;
  readonly pool: BufferPool;
  readonly admission: Admission;
  readonly counters: StorageCounters;
  readonly limits: StorageLimits;
  readonly faults: StorageFaults;
  readonly clock: Clock;
  readonly logger: Logger;
}
