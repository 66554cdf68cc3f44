import { expect, test } from "bun:test";
import { type Script, type ScriptedServer, scriptedServer } from "../fixtures/scripted-server.ts";
import { HttpClient } from "./client.ts";
import type { RequestBody } from "./connection.ts";
import { parseOrigin } from "./origin.ts";
import { TransportError } from "./transport-error.ts";

const TIMEOUT_MS = 5000;

interface Got {
  readonly status: number;
  readonly body: string;
}

async function send(
  client: HttpClient,
  server: ScriptedServer,
  body: RequestBody | null = null,
): Promise<Got> {
  let text = "";
  const head = await client.send({
    method: body === null ? "GET" : "PUT",
    origin: parseOrigin(server.url),
    target: "/v1/objects/b/o?provider=ais",
    headerLines: "",
    body,
    onReply() {
      text = "";
      return (bytes) => {
        text += Buffer.from(bytes).toString("latin1");
      };
    },
  });
  return { status: head.status, body: text };
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof TransportError ? error.failure : String(error);
}

function textBody(text: string): RequestBody {
  const bytes = Buffer.from(text);
  return { lengthBytes: bytes.length, pieceAt: (offset) => bytes.subarray(offset) };
}

/** Replies to every request without a body. */
function replyWith(text: string): Script {
  return (socket, received) => {
    if (received.endsWith("\r\n\r\n")) socket.write(text);
  };
}

test.each([
  ["a length", "HTTP/1.1 200 OK\r\ncontent-LENGTH:  5 \r\n\r\nhello", "hello"],
  ["no bytes", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""],
  [
    "chunks",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nA: b\r\n\r\n",
    "hello",
  ],
  [
    "an announcement before",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "ok",
  ],
])("a reply with %s, whole and byte by byte", async (_, reply, body) => {
  using whole = scriptedServer(replyWith(reply));
  using split = scriptedServer(async (socket, received) => {
    if (!received.endsWith("\r\n\r\n")) return;
    for (const byte of reply) {
      socket.write(byte);
      socket.flush();
      await Bun.sleep(0);
    }
  });
  const client = new HttpClient(TIMEOUT_MS);
  for (const server of [whole, split]) {
    expect(await send(client, server)).toEqual({ status: 200, body });
    expect(await send(client, server)).toEqual({ status: 200, body });
    expect(server.accepted).toBe(1);
  }
  client.close();
});

test("a reply without a length ends with the connection", async () => {
  using server = scriptedServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nall of it"));
  const client = new HttpClient(TIMEOUT_MS);
  expect(await send(client, server)).toEqual({ status: 200, body: "all of it" });
  expect(await send(client, server)).toEqual({ status: 200, body: "all of it" });
  expect(server.accepted).toBe(2);
  client.close();
});

test("Connection: close is obeyed", async () => {
  using server = scriptedServer(replyWith("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"));
  const client = new HttpClient(TIMEOUT_MS);
  await send(client, server);
  await send(client, server);
  expect([server.accepted, client.counts.connections]).toEqual([2, 2]);
  client.close();
});

test("a kept connection that the peer closed is replaced, once and unseen", async () => {
  using server = scriptedServer((socket, received, connection) => {
    if (connection === 0 && received.split("\r\n\r\n").length === 3) socket.end();
    else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  });
  const client = new HttpClient(TIMEOUT_MS);
  await send(client, server);
  expect(await send(client, server)).toEqual({ status: 200, body: "x" });
  expect(client.counts).toEqual({ connections: 2, redirects: 0, repeats: 1 });
  client.close();
});

test("a redirect is followed with the body, however the reply is cut", async () => {
  using target = scriptedServer((socket, received) => {
    if (received.endsWith("data")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  using proxy = scriptedServer((socket, received) => {
    if (received.endsWith("data")) {
      socket.write(`HTTP/1.1 307 T\r\nLocation: ${target.url}/v1/o/%2e?a=b\r\nContent-Length: 4\r\n\r\nmove`);
    }
  });
  const client = new HttpClient(TIMEOUT_MS);
  expect(await send(client, proxy, textBody("data"))).toEqual({ status: 200, body: "ok" });
  expect(target.received[0]).toStartWith("PUT /v1/o/%2e?a=b HTTP/1.1\r\nHost: 127.0.0.1:");
  expect(client.counts.redirects).toBe(1);
  client.close();
});

test("a reply before the end of the request counts, and the connection is not used again", async () => {
  const endless: RequestBody = { lengthBytes: 2 ** 40, pieceAt: () => new Uint8Array(1 << 20) };
  const answered = new Set<number>();
  using server = scriptedServer((socket, _, connection) => {
    if (answered.has(connection)) return;
    answered.add(connection);
    socket.write("HTTP/1.1 507 Full\r\nContent-Length: 4\r\n\r\nfull");
  });
  const client = new HttpClient(TIMEOUT_MS);
  expect(await send(client, server, endless)).toEqual({ status: 507, body: "full" });
  expect(await send(client, server, endless)).toEqual({ status: 507, body: "full" });
  expect(server.accepted).toBe(2);
  client.close();
});

test("a redirect to itself ends", async () => {
  using server = scriptedServer(replyWith("HTTP/1.1 301 M\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"));
  const client = new HttpClient(TIMEOUT_MS);
  expect(await failure(send(client, server))).toBe("protocol");
  expect(client.counts.redirects).toBe(5);
  client.close();
});

test.each([
  ["no HTTP", "SSH-2.0-OpenSSH\r\n\r\n"],
  ["an endless head", `HTTP/1.1 200 OK\r\nA: ${"x".repeat(70_000)}`],
  ["a bad length", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"],
  ["a bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
  ["a chunk beyond its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n"],
  ["a redirect elsewhere", "HTTP/1.1 307 T\r\nLocation: https://example.org/\r\nContent-Length: 0\r\n\r\n"],
])("%s is a protocol failure", async (_, reply) => {
  using server = scriptedServer(replyWith(reply));
  const client = new HttpClient(TIMEOUT_MS);
  expect(await failure(send(client, server))).toBe("protocol");
  client.close();
});

test("a connection that ends too early fails, and nothing is repeated that was answered", async () => {
  using server = scriptedServer((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"));
  const client = new HttpClient(TIMEOUT_MS);
  expect(await failure(send(client, server))).toBe("closed");
  expect(client.counts.repeats).toBe(0);
  client.close();
});

test("nobody there is a connect failure", async () => {
  const server = scriptedServer(() => {});
  server[Symbol.dispose]();
  const client = new HttpClient(TIMEOUT_MS);
  expect(await failure(send(client, server))).toBe("connect");
});

test("a reply that does not come times out, and closing interrupts", async () => {
  using server = scriptedServer(() => {});
  const client = new HttpClient(TIMEOUT_MS);
  const late = failure(send(client, server));
  client.expire(performance.now());
  client.expire(performance.now() + TIMEOUT_MS + 1000);
  expect(await late).toBe("timeout");
  const cut = failure(send(client, server));
  client.close();
  expect(await cut).toBe("interrupted");
  expect(await failure(send(client, server))).toBe("interrupted");
});

test.each(["https://host", "ftp://host", "http://", "::"])("%p is no origin", (text) => {
  expect(() => parseOrigin(text)).toThrow(text);
});

test("origins have a default port and IPv6 without brackets", () => {
  expect(parseOrigin("http://[::1]/x")).toEqual({
    url: "http://[::1]",
    hostname: "::1",
    port: 80,
    hostHeader: "[::1]",
  });
  expect(parseOrigin("host:8080").url).toBe("http://host:8080");
});
