import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { fetchFailureText } from "./fetch-failure.ts";

async function failureOf(url: string, init: RequestInit = {}): Promise<string> {
  try {
    await (await fetch(url, init)).bytes();
  } catch (error) {
    return fetchFailureText(error);
  }
  return "no failure";
}

/** A server that does this with every connection once something was said. */
async function withServer<T>(answer: string | null, use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    if (answer !== null) socket.once("data", () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  try {
    return await use(`http://127.0.0.1:${port}/`);
  } finally {
    server.close();
  }
}

test("says what a reader of the log can use, whatever the runtime's words are", async () => {
  expect(await failureOf("http://127.0.0.1:1/")).toBe("connection refused");
  expect(await failureOf("http://host.invalid/")).toBe("unknown host name");
  const cutOff = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc";
  expect(await withServer(cutOff, failureOf)).toBe("the connection was closed before the reply was whole");
  expect(await withServer("", failureOf)).toBe("the connection was closed before the reply was whole");
  const silent = await withServer(null, (url) => failureOf(url, { signal: AbortSignal.timeout(20) }));
  expect(silent).toBe("no reply in time");
});

test("keeps the message of what the network is not to blame for", () => {
  expect(fetchFailureText(new Error("reply is larger than 10 bytes"))).toBe("reply is larger than 10 bytes");
  expect(fetchFailureText("text")).toBe("text");
});
