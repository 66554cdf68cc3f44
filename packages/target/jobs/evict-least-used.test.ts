import { expect, test } from "bun:test";
import { MemoryMember, memoryNode } from "@ais/node/testing/memory-member.ts";
import { ACCESS_ALL, PERMISSIONS } from "@ais/wire/access.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import { evictableBuckets } from "./evict-least-used.ts";

test("what is evicted from are caches whose objects may be deleted", () => {
  const member = new MemoryMember(memoryNode("target", "targetone", 9));
  const add = (name: string, bid: bigint, isCache: boolean, access: string): void =>
    member.changeBmd((bmd) => {
      const props = defaultBprops(member.newest.config, { bid, createdNs: 1n });
      return withBucket(bmd, aisBucket(name), { ...props, access, lru: { ...props.lru, enabled: isCache } });
    });
  add("cache", 1n, true, ACCESS_ALL);
  add("plain", 2n, false, ACCESS_ALL);
  add("kept", 3n, true, String(BigInt(ACCESS_ALL) - PERMISSIONS["DELETE-OBJECT"]));
  add("deletable", 4n, true, String(PERMISSIONS["DELETE-OBJECT"]));
  member.deliver("bmd");
  const names = evictableBuckets({ member }).map(({ bucket }) => bucket.name);
  expect(names.sort()).toEqual(["cache", "deletable"]);
});
