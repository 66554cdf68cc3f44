/** 4 GiB through a target: content and checksum match, and no daemon's memory grows with the object. */
import { expect, test } from "bun:test";
import { statfsSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { Readable } from "node:stream";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import xxhash from "xxhash-wasm";

const GIB = 2 ** 30;
const SIZE_BYTES = 4 * GIB;
const MAX_RESIDENT_BYTES = 256 << 20;
const BLOCK_BYTES = 1 << 20;

const disk = statfsSync(tmpdir());
const freeBytes = disk.bavail * disk.bsize;
const enough = freeBytes > 2 * SIZE_BYTES;
if (!enough) console.log(`skipped: ${tmpdir()} has ${freeBytes} bytes free, want ${2 * SIZE_BYTES}`);

test.skipIf(!enough)(
  "PUT and GET of 4 GiB stay below 256 MiB of resident memory",
  async () => {
    const { create64 } = await xxhash();
    await using collector = await TestCollector.start();
    await using cluster = await TestCluster.start({ targets: 1, tracingEndpoint: collector.endpoint });
    await fetch(`${cluster.url}/v1/buckets/b`, { method: "POST", body: '{"action":"create-bck"}' });
    const sent = create64();
    const redirect = await fetch(`${cluster.url}/v1/objects/b/big`, { method: "PUT", redirect: "manual" });
    const stored = await upload(redirect.headers.get("location") ?? "", (block) => sent.update(block));
    const checksum = sent.digest().toString(16).padStart(16, "0");
    expect(stored).toEqual({ status: 200, checksum });

    const received = create64();
    const got = await fetch(`${cluster.url}/v1/objects/b/big`);
    expect(got.headers.get("content-length")).toBe(String(SIZE_BYTES));
    let total = 0;
    for await (const chunk of got.body ?? []) {
      received.update(chunk);
      total += chunk.length;
    }
    expect(total).toBe(SIZE_BYTES);
    expect(received.digest().toString(16).padStart(16, "0")).toBe(checksum);
    for (const daemon of cluster.daemons) expect(daemon.memory().peakBytes).toBeLessThan(MAX_RESIDENT_BYTES);
  },
  300_000,
);

function upload(
  url: string,
  onBlock: (block: Uint8Array) => void,
): Promise<{ readonly status: number; readonly checksum: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: "PUT", headers: { "content-length": String(SIZE_BYTES) } },
      (incoming) => {
        incoming.resume();
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            checksum: String(incoming.headers["ais-checksum-value"] ?? ""),
          }),
        );
      },
    );
    outgoing.on("error", reject);
    Readable.from(blocks(onBlock)).pipe(outgoing);
  });
}

/** Blocks that differ from one another, so that lost or swapped ones change the checksum. */
function* blocks(onBlock: (block: Uint8Array) => void): Generator<Uint8Array> {
  for (let i = 0; i < SIZE_BYTES / BLOCK_BYTES; i++) {
    const block = Buffer.alloc(BLOCK_BYTES, i & 0xff);
    block.writeUInt32LE(i, 0);
    onBlock(block);
    yield block;
  }
}
