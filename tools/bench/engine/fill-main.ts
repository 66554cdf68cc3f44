/**
 * Fills a bucket through the normal PUT path: `aisloader`'s load, straight at the owners of the objects, many at a
 * time. Arguments: endpoint, bucket, count.
 */

import { loadOptions } from "@ais/aisloader/load-options.ts";
import { runLoad } from "@ais/aisloader/run-load.ts";
import { aisBucket } from "@ais/wire/bck.ts";

const [endpoint = "", bucket = "", count = ""] = process.argv.slice(2);
const OBJECT_BYTES = 16;
const CONNECTIONS = 192;
const PROGRESS_MS = 1_000;

let stored = 0;
const summary = await runLoad(
  loadOptions({
    endpoint,
    bucket: aisBucket(bucket),
    workers: CONNECTIONS,
    durationMs: Number.POSITIVE_INFINITY,
    putPercent: 100,
    maxPuts: Number(count),
    sizes: { minBytes: OBJECT_BYTES, maxBytes: OBJECT_BYTES, distribution: "uniform" },
    checksumType: "none",
    route: "direct",
    intervalMs: PROGRESS_MS,
  }),
  {
    onInterval({ put }) {
      stored += put.count;
      process.send?.({ kind: "progress", stored });
    },
  },
);
const problem =
  summary.put.errors > 0 ? `${summary.put.errors} PUTs failed: ${summary.errors[0]?.example}` : null;
process.send?.({ kind: "done", problem, stored: summary.put.count, seconds: summary.elapsed_ms / 1000 });
process.disconnect?.();
