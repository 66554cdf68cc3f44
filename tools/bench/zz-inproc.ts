// In-process cost of the pipeline: bun [--conditions=oteltracing] inproc.ts [off|p0|p100]
import { mkdtempSync, rmSync } from "node:fs";
import { createTracing } from "@ais/tracing";
import { memoryNode } from "@ais/node/testing/memory-member.ts";
import { memoryServices } from "@ais/node/testing/memory-services.ts";
import { createNodeMetrics } from "@ais/node/metrics/node-metrics.ts";
import { createNodeLogger } from "@ais/node/logger.ts";
import { memoryRequest } from "@ais/node/testing/memory-request.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import { systemClock } from "@ais/base/clock.ts";
import { DEFAULT_TRACING_SECTION } from "@ais/wire/tracing-config.ts";
import { createTarget } from "@ais/target/target.ts";
const mode = process.argv[2] ?? "off";
const dir = mkdtempSync("/tmp/benchprof/in-");
const logger = await createNodeLogger({ nodeName: "t", directory: dir });
const tracing = createTracing({ role: "target", nodeId: "t1", version: "5", hostname: "h", env: {}, logger, clock: systemClock });
if (mode !== "off") await tracing.configure({ ...DEFAULT_TRACING_SECTION, enabled: true, exporter_endpoint: "http://127.0.0.1:" + (process.env.SINK ?? "1"), sampler_probability: mode === "p0" ? "0" : "1.0" });
const mem = memoryServices(memoryNode("target", "targetone", 1234), [memoryNode("proxy", "proxyone", 1)]);
const services = { ...mem, tracing, logger, metrics: createNodeMetrics({ role: "target", nodeId: "t1", tracing }) };
mem.member.changeBmd((bmd) => withBucket(bmd, aisBucket("nnn"), defaultBprops(mem.member.newest.config, { bid: 1n, createdNs: 1n })));
mem.member.deliver("bmd");
const target = await createTarget({ ...services, mountpaths: [dir + "/mp1"] } as any);
const hdr = { host: "127.0.0.1:51081", "user-agent": "bench" };
const q = "?pid=bench-proxy&utm=dm4uzr3ibjv7&bmdv=2";
for (let i = 0; i < 32; i++) {
  const r = memoryRequest("PUT", `/v1/objects/nnn/get_4k/object-${i}${q}`, { headers: hdr, body: "x".repeat(4096) });
  const reply = await target.handler(r); reply.onDone?.("sent");
  if (reply.status !== 200) throw new Error(JSON.stringify(reply));
}
const signal = new AbortController().signal;
const reqs = Array.from({ length: 32 }, (_, i) => ({ ...memoryRequest("GET", `/v1/objects/nnn/get_4k/object-${i}${q}`, { headers: hdr }), contentLengthBytes: null, signal }));
for (let round = 0; round < 8; round++) {
  const n = 40000; const t = performance.now(); const c = process.cpuUsage();
  for (let i = 0; i < n; i++) { const p = target.handler(reqs[i & 31]!); const reply = p instanceof Promise ? await p : p; reply.onDone?.("sent"); if ((i & 511) === 0) await new Promise(setImmediate); }
  const d = process.cpuUsage(c);
  console.log(mode, "us/req wall", ((performance.now() - t) * 1000 / n).toFixed(2), "cpu", ((d.user + d.system) / n).toFixed(2));
}
console.log(tracing.stats().spansExported, JSON.stringify(tracing.stats().spansDropped));
rmSync(dir, { recursive: true, force: true }); process.exit(0);
