/** The load generator: a process of its own, on another core than the server. */
import { LoadConnection, type LoadOwner, type LoadSource } from "./load-connection.ts";
import type { LoadGroup, LoadLatency, LoadPlan, LoadResult } from "./load-protocol.ts";
import { quantile } from "./statistics.ts";

/** Bodies up to this size go out with the head, in one write. */
const JOINED_MAX_BYTES = 64 * 1024;
const CHUNK_BYTES = 1024 * 1024;

const chunk = crypto.getRandomValues(Buffer.alloc(65_536));
const bodyChunk = Buffer.alloc(CHUNK_BYTES, chunk);

async function run(plan: LoadPlan): Promise<LoadResult> {
  const groups = plan.groups.map((group) => sourcesOf(group, plan.port));
  const latenciesMs: number[] = [];
  let sent = 0;
  let running = 0;
  let finish = (_error?: Error): void => {};
  const finished = new Promise<void>((resolve, reject) => {
    finish = (error) => (error === undefined ? resolve() : reject(error));
  });
  const startedMs = performance.now();
  const endMs = startedMs + plan.seconds * 1000;
  const owner: LoadOwner = {
    followsRedirects: plan.followsRedirects ?? false,
    next() {
      const isOver = performance.now() >= endMs || (plan.requestsMax > 0 && sent >= plan.requestsMax);
      if (!isOver) {
        const group = groups[sent % groups.length] ?? [];
        return group[Math.floor(sent++ / groups.length) % group.length] ?? null;
      }
      running--;
      if (running === 0) finish();
      return null;
    },
    replied: (latencyMs) => {
      latenciesMs.push(latencyMs);
    },
    failed: (error) => finish(error),
  };
  // It never sleeps. Otherwise a server pays for waking it (some 5 us a reply on a virtual machine), and the slower one pays
  // more often, since it keeps the generator waiting: differences between servers would look larger than they are.
  let isSpinning = true;
  const spin = (): void => {
    if (isSpinning) setImmediate(spin);
  };
  const connections = Array.from({ length: plan.connections }, () => new LoadConnection(owner, plan.port));
  try {
    await Promise.all(connections.map((connection) => connection.connect()));
    running = connections.length;
    spin();
    for (const connection of connections) connection.send();
    await finished;
    const seconds = (performance.now() - startedMs) / 1000;
    return { kind: "done", requests: latenciesMs.length, seconds, latency: latencyOf(latenciesMs) };
  } catch (error) {
    return { kind: "failed", error: String(error) };
  } finally {
    isSpinning = false;
    for (const connection of connections) connection.close();
  }
}

function sourcesOf(group: LoadGroup, port: number): LoadSource[] {
  const { method, targets, requestBodyBytes, replyBodyBytes, replyStatus } = group;
  const length = method === "PUT" ? `Content-Length: ${requestBodyBytes}\r\n` : "";
  const headerText = `User-Agent: bench\r\n${length}\r\n`;
  const isJoined = requestBodyBytes <= JOINED_MAX_BYTES;
  return targets.map((target) => {
    const head = Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headerText}`);
    return {
      method,
      head: isJoined ? Buffer.concat([head, bodyChunk.subarray(0, requestBodyBytes)]) : head,
      headerText,
      chunk: bodyChunk,
      bodyBytes: requestBodyBytes,
      isJoined,
      replyBodyBytes,
      replyStatus,
    };
  });
}

function latencyOf(latenciesMs: readonly number[]): LoadLatency {
  const sorted = Float64Array.from(latenciesMs).sort();
  return { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99), p999Ms: quantile(sorted, 0.999) };
}

process.on("message", (plan: LoadPlan) => {
  void run(plan).then((result) => process.send?.(result));
});
process.stdout.write("ready at 0\n");
