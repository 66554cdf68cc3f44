import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { ClientConnection } from "./client-connection.ts";
import { StreamError, type StreamReply } from "./client-stream.ts";
import { encodeFrame, FLAG, FRAME, SETTING, word } from "./frames.ts";
import { encodeHeaders } from "./hpack.ts";
import { headersFrame, RawServer } from "./raw-server.fixture.ts";

const OK = [":status", "200"] as const;
let server: RawServer;
let connection: ClientConnection;

async function start(settings: readonly (readonly [number, number])[] = []): Promise<void> {
  server = await RawServer.start(settings);
  connection = await server.connect();
}

beforeEach(() => start());
afterEach(async () => {
  connection.close();
  await server[Symbol.asyncDispose]();
});

function request(body = "body", timeoutMs = 5_000): Promise<StreamReply> {
  return connection.request([[":method", "POST"]], [Buffer.from(body)], timeoutMs);
}

async function failure(reply: Promise<unknown>): Promise<StreamError> {
  const error = await reply.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StreamError)) throw new Error(`expected a StreamError, got ${String(error)}`);
  return error;
}

function answer(streamId: number): Buffer[] {
  return [
    headersFrame(streamId, [OK]),
    encodeFrame(FRAME.data, 0, streamId, Buffer.from("reply")),
    headersFrame(streamId, [["grpc-status", "0"]], true),
  ];
}

describe("a request", () => {
  test("goes out with its headers and body, and its reply comes back with trailers", async () => {
    const reply = request();
    const { streamId, payload } = await server.next(FRAME.headers);
    expect(payload).toEqual(encodeHeaders([[":method", "POST"]]));
    expect((await server.body()).toString()).toBe("body");
    server.send(...answer(streamId));
    const { headers, trailers, body } = await reply;
    expect([...headers]).toEqual([[":status", "200"]]);
    expect([...trailers]).toEqual([["grpc-status", "0"]]);
    expect(body.toString()).toBe("reply");
    // What was received is given back to the connection's window.
    expect((await server.next(FRAME.windowUpdate)).payload).toEqual(word(5));
  });

  test("has headers in several frames, with padding and priority, after an interim answer", async () => {
    const reply = request();
    const { streamId } = await server.next(FRAME.headers);
    const block = encodeHeaders([OK, ["x", "y".repeat(100)]]);
    const padded = Buffer.concat([Buffer.from([3]), Buffer.alloc(5), block.subarray(0, 10), Buffer.alloc(3)]);
    server.send(
      headersFrame(streamId, [[":status", "103"]]),
      encodeFrame(FRAME.headers, FLAG.padded | FLAG.priority, streamId, padded),
      encodeFrame(FRAME.continuation, FLAG.endHeaders, streamId, block.subarray(10)),
      encodeFrame(FRAME.data, FLAG.padded | FLAG.endStream, streamId, Buffer.from("\x02ab\0\0")),
    );
    const { headers, body } = await reply;
    expect(headers.get("x")).toHaveLength(100);
    expect(body.toString()).toBe("ab");
  });

  test("waits for the windows, of the stream and of the connection, and fills both", async () => {
    connection.close();
    await server[Symbol.asyncDispose]();
    await start([[SETTING.initialWindowSize, 10]]);
    // The settings are there once they are acknowledged.
    await server.next(FRAME.settings);
    await server.next(FRAME.settings);
    const body = "0123456789".repeat(10_000);
    const reply = request(body);
    const { streamId } = await server.next(FRAME.headers);
    expect((await server.next(FRAME.data)).payload.toString()).toBe("0123456789");
    server.send(encodeFrame(FRAME.windowUpdate, 0, streamId, word(100_000)));
    let received = 10;
    while (received < 65_535) {
      const { payload } = await server.next(FRAME.data);
      expect(payload.length).toBeLessThanOrEqual(16_384);
      received += payload.length;
    }
    expect(received).toBe(65_535);
    server.send(encodeFrame(FRAME.windowUpdate, 0, 0, word(100_000)));
    expect(await server.body()).toHaveLength(body.length - received);
    server.send(...answer(streamId));
    expect((await reply).body.toString()).toBe("reply");
  });

  test("goes on with a window that a setting makes smaller, then larger", async () => {
    const reply = request("x".repeat(70_000));
    const { streamId } = await server.next(FRAME.headers);
    // All that the first windows allow: those of stream and connection are 65,535.
    for (let received = 0; received < 65_535; ) received += (await server.next(FRAME.data)).payload.length;
    const setting = (bytes: number): Buffer =>
      encodeFrame(FRAME.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), word(bytes)]));
    server.send(setting(0), encodeFrame(FRAME.windowUpdate, 0, 0, word(100_000)), setting(65_535 + 4_465));
    expect(await server.body()).toHaveLength(70_000 - 65_535);
    server.send(...answer(streamId));
    await reply;
  });

  test("shares the connection with others, whose replies come in any order", async () => {
    const replies = [request("a"), request("b"), request("c")];
    const ids = [];
    for (const _ of replies) ids.push((await server.next(FRAME.headers)).streamId);
    expect(ids).toEqual([1, 3, 5]);
    for (const id of ids.reverse()) server.send(...answer(id));
    for (const reply of replies) expect((await reply).body.toString()).toBe("reply");
  });

  test("ends at its time-out, which the server is told, and the connection goes on", async () => {
    const reply = request("body", 50);
    await server.next(FRAME.headers);
    server.send(encodeFrame(FRAME.ping, 0, 0, Buffer.alloc(8)));
    const error = await failure(reply);
    expect([error.end, error.message]).toEqual(["timeout", "no answer in 50 ms"]);
    expect((await server.next(FRAME.rstStream)).payload).toEqual(word(8));
    const next = request();
    server.send(...answer(3));
    expect((await next).body.toString()).toBe("reply");
  });
});

test("a server that says nothing for the time of a call is taken for gone", async () => {
  await server.next(FRAME.settings);
  await server.next(FRAME.settings);
  expect((await failure(request("body", 30))).end).toBe("timeout");
  expect(connection.isUsable).toBe(false);
});

test("a ping is answered with its own bytes", async () => {
  const reply = request();
  const { streamId } = await server.next(FRAME.headers);
  server.send(encodeFrame(FRAME.ping, 0, 0, Buffer.from("12345678")));
  const pong = await server.next(FRAME.ping);
  expect([pong.flags, pong.payload.toString()]).toEqual([FLAG.ack, "12345678"]);
  server.send(...answer(streamId));
  await reply;
});

test("a server that goes away finishes what it took, and takes no more", async () => {
  const replies = [request("a"), request("b")];
  await server.next(FRAME.headers);
  await server.next(FRAME.headers);
  server.send(encodeFrame(FRAME.goAway, 0, 0, Buffer.concat([word(1), word(0), Buffer.from("restart")])));
  const refused = await failure(replies[1] as Promise<unknown>);
  expect([refused.end, refused.message]).toEqual(["lost", "the server goes away: restart"]);
  expect(connection.isUsable).toBe(false);
  server.send(...answer(1));
  expect((await replies[0])?.body.toString()).toBe("reply");
});

test("a stream that the server resets fails with its code, the others do not", async () => {
  const replies = [request("a"), request("b")];
  await server.next(FRAME.headers);
  await server.next(FRAME.headers);
  server.send(encodeFrame(FRAME.rstStream, 0, 1, word(7)), ...answer(3));
  const error = await failure(replies[0] as Promise<unknown>);
  expect([error.end, error.code]).toEqual(["reset", 7]);
  expect((await replies[1])?.body.toString()).toBe("reply");
});

describe("every call fails, and the connection is given up, when the server", () => {
  const breaks: readonly (readonly [string, () => void, RegExp])[] = [
    ["hangs up", () => server.hangUp(), /closed|reset/i],
    [
      "sends a frame that is too long",
      () => server.send(Buffer.from("ffffff000000000001", "hex")),
      /too long/,
    ],
    [
      "sends headers that cannot be read",
      () => server.send(encodeFrame(FRAME.headers, FLAG.endHeaders, 1, Buffer.from("ff8001", "hex"))),
      /no table/,
    ],
    [
      "interrupts a block of headers",
      () => server.send(encodeFrame(FRAME.headers, 0, 1), encodeFrame(FRAME.data, 0, 1)),
      /interrupted/,
    ],
    [
      "sends endless headers",
      () => {
        server.send(encodeFrame(FRAME.headers, 0, 1));
        const piece = encodeFrame(FRAME.continuation, 0, 1, Buffer.alloc(16_000));
        server.send(piece, piece, piece, piece, piece);
      },
      /more than 65536/,
    ],
    [
      "sends an endless body",
      () => {
        const piece = encodeFrame(FRAME.data, 0, 1, Buffer.alloc(16_000));
        server.send(headersFrame(1, [OK]), ...Array.from({ length: 70 }, () => piece));
      },
      /more than 1048576/,
    ],
    [
      "pads more than there is",
      () => server.send(encodeFrame(FRAME.data, FLAG.padded, 1, Buffer.from([9]))),
      /padding/,
    ],
    ["pushes", () => server.send(encodeFrame(FRAME.pushPromise, 0, 1, word(2))), /push/],
  ];
  test.each(breaks)("%s", async (_, break_, message) => {
    const reply = request();
    await server.next(FRAME.headers);
    break_();
    const error = await failure(reply);
    expect(error.end).toBe("lost");
    expect(error.message).toMatch(message);
    expect(connection.isUsable).toBe(false);
    expect(await failure(request())).toBe(error);
  });
});

test("garbage before the first frame is no HTTP/2", async () => {
  const reply = request();
  await server.next(FRAME.headers);
  server.send(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"));
  expect((await failure(reply)).end).toBe("lost");
});
