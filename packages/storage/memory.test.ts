import { expect, test } from "bun:test";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { keyOf, PUT, temporaryStore } from "./testing/store-fixture.ts";

const BODY_BYTES = 512 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
/** The sender of this test leaves the whole body to the garbage collector; a store that kept it would need it all. */
const GROWTH_LIMIT_BYTES = 160 * 1024 * 1024;

test("a streamed PUT of 512 MiB takes a bounded amount of memory, even from a fast sender", async () => {
  await using opened = await temporaryStore({ limits: { removalGraceMs: 0 } });
  let sentBytes = 0;
  let peakBytes = 0;
  const body = (totalBytes: number) =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sentBytes >= totalBytes) return controller.close();
        // Fresh memory each time, as from a socket.
        controller.enqueue(new Uint8Array(PIECE_BYTES).fill(sentBytes >> 16));
        sentBytes += PIECE_BYTES;
        if (sentBytes % (8 * 1024 * 1024) === 0) peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
      },
    });
  await opened.store.put(keyOf("warm-up"), body(4 * 1024 * 1024), PUT, NOOP_SPAN);
  Bun.gc(true);
  const beforeBytes = process.memoryUsage.rss();
  sentBytes = 0;
  const { sizeBytes } = await opened.store.put(keyOf("large"), body(BODY_BYTES), PUT, NOOP_SPAN);
  expect(sizeBytes).toBe(BODY_BYTES);
  expect(peakBytes - beforeBytes).toBeLessThan(GROWTH_LIMIT_BYTES);
  await opened.store.delete(keyOf("large"), "os", NOOP_SPAN);
});
