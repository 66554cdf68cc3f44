import { expect, test } from "bun:test";
import { silentLogger } from "@ais/base/log.ts";
import type { HttpHandler, HttpReply, HttpRequest, ReplyOutcome } from "../http/types.ts";
import { memoryNode } from "../testing/memory-member.ts";
import { memoryRequest } from "../testing/memory-request.ts";
import { memoryServices } from "../testing/memory-services.ts";
import { Channel, type Handlers } from "./channel.ts";
import type { ToMain, ToWorker } from "./protocol.ts";
import { RelayService } from "./relay-service.ts";
import { RelayToMain } from "./relay-to-main.ts";

/** A worker and a main process that serves with `handler`, with messages cloned between them. */
function relayed(handler: HttpHandler): { readonly relay: HttpHandler; readonly service: RelayService } {
  const unused = (): never => {
    throw new Error("not a part of relaying");
  };
  const rest = new Proxy({}, { get: () => unused });
  const service = new RelayService(handler, () => main);
  const atMain = Object.assign(Object.create(rest), {
    relay: (request) => service.serve(request),
    relayGone: (relay) => {
      service.gone(relay);
      return null;
    },
    relayDone: ({ relay, outcome }) => {
      service.done(relay, outcome);
      return null;
    },
  } satisfies Partial<Handlers<ToMain>>);
  const atWorker = Object.assign(Object.create(rest), {
    relayPiece: ({ relay, bytes }) => relays.piece(relay, bytes),
  } satisfies Partial<Handlers<ToWorker>>);
  const later = (deliver: () => void): void => void setTimeout(deliver, 0);
  const main: Channel<ToWorker, ToMain> = new Channel(
    (message) => later(() => worker.receive(structuredClone(message))),
    atMain,
    silentLogger,
  );
  const worker: Channel<ToMain, ToWorker> = new Channel(
    (message) => later(() => main.receive(structuredClone(message))),
    atWorker,
    silentLogger,
  );
  const { facts } = memoryServices(memoryNode("proxy", "proxyone", 1));
  const relays = new RelayToMain(worker, facts);
  return { relay: relays.handler, service };
}

function plain(overrides: Partial<HttpReply> = {}): HttpReply {
  return { status: 200, headers: [["X-One", "1"]], body: "text", ...overrides };
}

async function textOf({ body }: HttpReply): Promise<string> {
  if (body === null || typeof body === "string") return body ?? "";
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  if (body.kind === "file") throw new Error("a file");
  return new Response(body.stream).text();
}

test("a request arrives as it was, and its reply as it was made", async () => {
  let seen: HttpRequest | null = null;
  let bytes = "";
  const { relay } = relayed(async (request) => {
    seen = request;
    bytes = new TextDecoder().decode(await request.bytes(100));
    return plain({ status: 201 });
  });
  const headers = { accept: "a/b", traceparent: "00-1", "content-length": "4" };
  const reply = await relay(memoryRequest("PUT", "/v1/a%2Fb/../c?x=%20y", { headers, body: "body" }));
  expect([reply.status, reply.headers, await textOf(reply)]).toEqual([201, [["X-One", "1"]], "text"]);
  expect(seen).toMatchObject({
    method: "PUT",
    rawPath: "/v1/a%2Fb/../c",
    rawQuery: "x=%20y",
    remoteAddress: "127.0.0.1",
    contentLengthBytes: 4,
  });
  expect(bytes).toBe("body");
  const { header } = seen as unknown as HttpRequest;
  expect([header.call(seen, "accept"), header.call(seen, "range")]).toEqual(["a/b", null]);
});

test("bytes, nothing, and an announced length", async () => {
  const replies = [
    plain({ body: new Uint8Array([104, 105]) }),
    plain({ body: null }),
    plain({ body: null, announcedLengthBytes: 7 }),
  ];
  for (const reply of replies) {
    const { onDone, ...got } = await relayed(() => reply).relay(memoryRequest("GET", "/x"));
    expect(got).toEqual(reply);
    expect(onDone).toBeFunction();
  }
});

test("a stream comes piece by piece, no faster than it is read, and tells its end", async () => {
  let made = 0;
  const outcomes: ReplyOutcome[] = [];
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (made === 50) controller.close();
        else controller.enqueue(new TextEncoder().encode(`${made++};`));
      },
    },
    { highWaterMark: 0 },
  );
  const { relay } = relayed(() =>
    plain({ body: { kind: "stream", stream }, onDone: (outcome) => outcomes.push(outcome) }),
  );
  const reply = await relay(memoryRequest("GET", "/tail"));
  await Bun.sleep(100);
  expect(made).toBeLessThan(20);
  expect(await textOf(reply)).toBe(Array.from({ length: 50 }, (_, n) => `${n};`).join(""));
  reply.onDone?.("sent");
  while (outcomes.length === 0) await Bun.sleep(5);
  expect(outcomes).toEqual(["sent"]);
});

test("a reader that goes ends the stream at its source, and a client that goes aborts the request", async () => {
  let isCancelled = false;
  let signal: AbortSignal | null = null;
  const stream = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      await Bun.sleep(1);
      controller.enqueue(new Uint8Array(10));
    },
    cancel() {
      isCancelled = true;
    },
  });
  const { relay } = relayed((request) => {
    signal = request.signal;
    return plain({ body: { kind: "stream", stream } });
  });
  const client = new AbortController();
  const reply = await relay(memoryRequest("GET", "/tail", { signal: client.signal }));
  client.abort();
  if (reply.body === null || typeof reply.body !== "object" || !("stream" in reply.body))
    throw new Error("no stream");
  await reply.body.stream.cancel();
  while (!isCancelled || (signal as AbortSignal | null)?.aborted !== true) await Bun.sleep(5);
  expect([isCancelled, (signal as AbortSignal | null)?.aborted]).toEqual([true, true]);
});

test("what a worker that ended was relaying ends too", async () => {
  const outcomes: ReplyOutcome[] = [];
  const { relay, service } = relayed(() => plain({ onDone: (outcome) => outcomes.push(outcome) }));
  await relay(memoryRequest("GET", "/x"));
  service.end();
  expect(outcomes).toEqual(["client_closed"]);
});

test("a body that is too large is refused before it is handed on", async () => {
  const { relay } = relayed(() => plain());
  const request = memoryRequest("POST", "/x");
  const refused = { ...request, bytes: () => Promise.reject(new Error("boom")) };
  expect((await relay(refused)).status).toBe(500);
});
