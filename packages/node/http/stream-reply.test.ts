/** Replies without an end, on both drivers. */
import { afterEach, describe, expect, test } from "bun:test";
import { startBunServer } from "./bun-serve.ts";
import { startNodeHttpServer } from "./node-http.ts";
import type { HttpServer, ReplyOutcome, StartHttpServer } from "./types.ts";

const DRIVERS: readonly (readonly [string, StartHttpServer])[] = [
  ["Bun.serve", startBunServer],
  ["node:http", startNodeHttpServer],
];

interface Source {
  readonly stream: ReadableStream<Uint8Array>;
  push(text: string): void;
  close(): void;
  fail(): void;
  readonly cancelled: Promise<void>;
}

function source(): Source {
  const cancelled = Promise.withResolvers<void>();
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
    cancel: () => cancelled.resolve(),
  });
  return {
    stream,
    push: (text) => controller.enqueue(new TextEncoder().encode(text)),
    close: () => controller.close(),
    fail: () => controller.error(new Error("source failed")),
    cancelled: cancelled.promise,
  };
}

describe.each(DRIVERS)("%s", (_name, start) => {
  let server: HttpServer;
  let outcome: Promise<ReplyOutcome>;

  async function serve(stream: ReadableStream<Uint8Array>): Promise<string> {
    const ended = Promise.withResolvers<ReplyOutcome>();
    outcome = ended.promise;
    server = await start({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeoutMs: 30_000,
      handler: () => ({
        status: 200,
        headers: [["Content-Type", "application/x-ndjson"]],
        body: { kind: "stream", stream },
        onDone: ended.resolve,
      }),
    });
    return `http://127.0.0.1:${server.port}/`;
  }

  afterEach(() => server.stop(0));

  test("sends chunks as they come, and ends with the source", async () => {
    const { stream, push, close } = source();
    push("first\n");
    const reply = await fetch(await serve(stream));
    expect([reply.status, reply.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
    expect(reply.headers.get("content-length")).toBeNull();
    const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
    const next = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
    expect(await next()).toBe("first\n");
    push("second\n");
    expect(await next()).toBe("second\n");
    close();
    expect((await reader.read()).done).toBe(true);
    expect(await outcome).toBe("sent");
  });

  test("cancels the source when the client goes", async () => {
    const { stream, push, cancelled } = source();
    push("first\n");
    const client = new AbortController();
    const reply = await fetch(await serve(stream), { signal: client.signal });
    await (reply.body as ReadableStream<Uint8Array>).getReader().read();
    client.abort();
    await cancelled;
    expect(await outcome).toBe("client_closed");
  });

  test("breaks the reply off when the source fails, so that it does not look whole", async () => {
    const { stream, push, fail } = source();
    push("first\n");
    const reply = await fetch(await serve(stream));
    const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    fail();
    expect(await outcome).toBe("io_error");
    const end = await reader.read().then(
      ({ done }) => (done ? "ended" : "more"),
      () => "broken",
    );
    expect(end).toBe("broken");
  });
});
