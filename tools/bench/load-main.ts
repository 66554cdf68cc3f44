/** The load generator: a process of its own, on another core than the server. */
import { LoadConnection, type LoadOwner, type LoadSource } from "./load-connection.ts";
import type { LoadPlan, LoadResult } from "./load-protocol.ts";

async function run(plan: LoadPlan): Promise<LoadResult> {
  const sources = sourcesOf(plan);
  let sent = 0;
  let replied = 0;
  let running = 0;
  let finish = (_error?: Error): void => {};
  const finished = new Promise<void>((resolve, reject) => {
    finish = (error) => (error === undefined ? resolve() : reject(error));
  });
  const startedMs = performance.now();
  const endMs = startedMs + plan.seconds * 1000;
  const owner: LoadOwner = {
    next() {
      const isOver = performance.now() >= endMs || (plan.requestsMax > 0 && sent >= plan.requestsMax);
      if (!isOver) return sources[sent++ % sources.length] ?? null;
      running--;
      if (running === 0) finish();
      return null;
    },
    replied() {
      replied++;
    },
    failed: (error) => finish(error),
  };
  const connections = Array.from({ length: plan.connections }, () => new LoadConnection(owner));
  try {
    await Promise.all(connections.map((connection) => connection.connect(plan.port)));
    running = connections.length;
    for (const connection of connections) connection.send();
    await finished;
    return { kind: "done", requests: replied, seconds: (performance.now() - startedMs) / 1000 };
  } catch (error) {
    return { kind: "failed", error: String(error) };
  } finally {
    for (const connection of connections) connection.close();
  }
}

function sourcesOf({ method, targets, port, requestBodyBytes, replyBodyBytes }: LoadPlan): LoadSource[] {
  const body = crypto.getRandomValues(new Uint8Array(Math.min(requestBodyBytes, 65_536)));
  const whole = Buffer.alloc(requestBodyBytes, body.length > 0 ? body : 0);
  const length = method === "PUT" ? `Content-Length: ${requestBodyBytes}\r\n` : "";
  return targets.map((target) => {
    const head = Buffer.from(
      `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: bench\r\n${length}\r\n`,
    );
    // Small bodies go out with the head, in one write.
    const isJoined = requestBodyBytes <= 65_536;
    return {
      head: isJoined ? Buffer.concat([head, whole]) : head,
      body: isJoined ? new Uint8Array(0) : whole,
      replyBodyBytes,
    };
  });
}

process.on("message", (plan: LoadPlan) => {
  void run(plan).then((result) => process.send?.(result));
});
process.stdout.write("ready at 0\n");
