/** Receives a body, computes its xxHash64 and forgets it: what a PUT costs before anything is stored. */
import { loadContentHashing } from "@ais/storage/checksum.ts";

const hashing = await loadContentHashing();
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  async fetch(request) {
    const hasher = await hashing.create("xxhash2");
    const reader = request.body?.getReader();
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) {
      hasher.update(piece.value);
    }
    return new Response(null, { headers: { "ais-checksum-value": hasher.digest() } });
  },
});
process.stdout.write(`ready at ${server.port}\n`);
