/** A mountpath that goes away under a running store: nothing is acknowledged there any more, the others serve on. */
import { expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import {
  bodyOf,
  FILE_BYTES,
  INLINE_BYTES,
  keyOf,
  PUT,
  readObject,
  temporaryStore,
} from "./testing/store-fixture.ts";

for (const how of ["removed", "renamed"] as const) {
  test(`${how}`, async () => {
    await using opened = await temporaryStore({ mountpaths: ["mp1", "mp2"] });
    const { store, directory } = opened;
    const homes = new Map<string, string>();
    for (let n = 0; n < 40; n++) {
      const name = `o${n}`;
      const { mountpath } = await store.put(
        keyOf(name),
        bodyOf(n % 2 ? FILE_BYTES : INLINE_BYTES, n),
        PUT,
        NOOP_SPAN,
      );
      homes.set(name, mountpath);
    }
    const gone = join(directory, "mp1");
    if (how === "removed") rmSync(gone, { recursive: true });
    else renameSync(gone, join(directory, "elsewhere"));
    expect(store.capacity().map(({ path, availableBytes }) => [path, availableBytes > 0])).toEqual([
      [gone, false],
      [join(directory, "mp2"), true],
    ]);
    // What a restarted automounter, or a careless script, may put in its place.
    mkdirSync(join(gone, "index"), { recursive: true });
    for (const [name, mountpath] of homes) {
      const n = Number(name.slice(1));
      const sizeBytes = n % 2 ? FILE_BYTES : INLINE_BYTES;
      const putting = store.put(keyOf(name), bodyOf(sizeBytes, n + 100), PUT, NOOP_SPAN);
      if (mountpath === gone) {
        await expect(putting).rejects.toMatchObject({
          code: "internal",
          message: expect.stringContaining('mp1" is gone'),
        });
        await expect(store.delete(keyOf(name), "os", NOOP_SPAN)).rejects.toThrow("is gone");
      } else {
        await putting;
        expect(await readObject(store, name)).toEqual(bodyOf(sizeBytes, n + 100));
      }
      if (mountpath === gone && n % 2 === 1) {
        await expect(readObject(store, name)).rejects.toThrow("is gone");
      }
    }
    expect(store.stats).toMatchObject({ goneMountpaths: 1, corruptObjects: 0, openWrites: 0 });
  });
}
