/** Opens the index of a mountpath as a guest and closes it again, over and over: `index-visitor.ts MOUNTPATH COUNT`. */
import { must } from "@ais/base/assert.ts";
import { StorageCounters } from "../counters.ts";
import { NO_STORAGE_FAULTS } from "../faults.ts";
import { openIndexAsGuest } from "../guest-store.ts";
import { DEFAULT_STORAGE_LIMITS } from "../limits.ts";

const [mountpath, count] = process.argv.slice(2);
for (let visit = 0; visit < Number(count); visit++) {
  await using _index = await openIndexAsGuest(
    must(mountpath, "a mountpath"),
    NO_STORAGE_FAULTS,
    new StorageCounters(),
    DEFAULT_STORAGE_LIMITS,
  );
}
