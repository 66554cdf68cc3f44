import { mkdtempSync } from "node:fs";
import { createTracing } from "@ais/tracing";
import { memoryNode } from "@ais/node/testing/memory-member.ts";
import { memoryServices } from "@ais/node/testing/memory-services.ts";
import { createNodeMetrics } from "@ais/node/metrics/node-metrics.ts";
import { createNodeLogger } from "@ais/node/logger.ts";
import { memoryRequest } from "@ais/node/testing/memory-request.ts";
import { startBunServer } from "@ais/node/http/bun-serve.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import { systemClock } from "@ais/base/clock.ts";
import { DEFAULT_TRACING_SECTION } from "@ais/wire/tracing-config.ts";
import { createTarget } from "@ais/target/target.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { open } from "lmdb";
const mode = process.argv[2] ?? "full";
const dir = mkdtempSync("/tmp/benchprof/in-");
const logger = await createNodeLogger({ nodeName: "t", directory: dir });
const tracing = createTracing({ role: "target", nodeId: "t1", version: "5", hostname: "h", env: {}, logger, clock: systemClock });
const body = new Uint8Array(4096);
const headers: [string, string][] = [["Content-Type","application/octet-stream"],["Accept-Ranges","bytes"],["Ais-Checksum-Type","xxhash2"],["Ais-Checksum-Value","0123456789abcdef"],["Ais-Atime","1700000000000000000"]];
const mem = memoryServices(memoryNode("target", "targetone", 1234), [memoryNode("proxy", "proxyone", 1)]);
const services = { ...mem, tracing, logger, metrics: createNodeMetrics({ role: "target", nodeId: "t1", tracing }) };
mem.member.changeBmd((bmd) => withBucket(bmd, aisBucket("bench"), defaultBprops(mem.member.newest.config, { bid: 1n, createdNs: 1n })));
mem.member.deliver("bmd");
const target = await createTarget({ ...services, mountpaths: [dir + "/mp1"] } as any);
for (let i = 0; i < 32; i++) {
  const r = memoryRequest("PUT", `/v1/objects/bench/get_4k/object-${i}?pid=bench-proxy&utm=dm4uzr3ibjv7&bmdv=2`, { headers: {}, body: "x".repeat(4096) });
  const reply = await target.handler(r); reply.onDone?.("sent");
  if (reply.status !== 200) throw new Error(JSON.stringify(reply));
}
const handlers: Record<string, any> = {
  hsync: () => ({ status: 200, headers, body }),
  hasync: async () => ({ status: 200, headers, body }),
  hdone: async () => ({ status: 200, headers, body, onDone() {} }),
  full: target.handler,
  lookup: async () => { const r = await target.store.get({ bucketId: 1n, bucketName: "ais://bench", objectName: "get_4k/object-1", uname: "ais/@#/bench/get_4k/object-1" }, { verify: false }, NOOP_SPAN); return { status: 200, headers, body: (r.content as any).bytes }; },
};
const db = open({ path: dir + "/x", encoding: "binary", keyEncoding: "binary", overlappingSync: true, eventTurnBatching: false } as any);
const k = Buffer.from("12345678object"); await db.put(k as any, Buffer.alloc(4200));
const k2 = Buffer.alloc(200); let nn = 0;
handlers.lmdb = () => { const b = db.getBinaryFast(k as any) as any; nn += b.length; return { status: 200, headers, body }; };
handlers.lmdbcopy = () => { const b = db.getBinaryFast(k as any) as any; const c = Buffer.allocUnsafe(4096); c.set(new Uint8Array(b.buffer, b.byteOffset + 56, 4096)); return { status: 200, headers, body: c }; };
handlers.copy = () => { const c = Buffer.allocUnsafe(4096); c.set(body); return { status: 200, headers, body: c }; };
const s = await startBunServer({ hostname: "127.0.0.1", port: 0, handler: handlers[mode], idleTimeoutMs: 120000, logger });
console.log("ready at " + s.port);
