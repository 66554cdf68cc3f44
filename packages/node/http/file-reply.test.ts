/** Replies from one file at the same time: the end of one is not taken for that of another. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rawConnection } from "../testing/raw-client.ts";
import { startBunServer } from "./bun-serve.ts";
import { startNodeHttpServer } from "./node-http.ts";
import type { HttpReply } from "./types.ts";

const WHOLE_BYTES = 32 * 1024 * 1024;
/** Read in the turn of the request, and not sent from kernel to kernel. */
const PART_BYTES = 64 * 1024;
/** More than an early end would take to be told. */
const SETTLED_MS = 80;

let directory: string;
let path: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "file-reply-"));
  path = join(directory, "file");
  await writeFile(path, Buffer.alloc(WHOLE_BYTES, "x"));
});

afterAll(() => rm(directory, { recursive: true }));

test.each([
  ["Bun.serve", startBunServer],
  ["node:http", startNodeHttpServer],
])("%s goes on sending a file of which others are sent small parts", async (_, start) => {
  const ended: string[] = [];
  const isAsked = Promise.withResolvers<void>();
  const isOver = Promise.withResolvers<void>();
  const server = await start({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeoutMs: 30_000,
    handler: ({ rawPath }): HttpReply => {
      isAsked.resolve();
      const [offsetBytes, lengthBytes] = rawPath === "/whole" ? [0, WHOLE_BYTES] : [5, PART_BYTES];
      return {
        status: 200,
        headers: [],
        body: { kind: "file", path, offsetBytes, lengthBytes },
        onDone: (outcome) => {
          ended.push(`${rawPath} ${outcome}`);
          if (rawPath === "/whole") isOver.resolve();
        },
      };
    },
  });
  // A client that takes nothing: the file stays open.
  const slow = await rawConnection(server.port, { isReading: false });
  slow.write("GET /whole HTTP/1.1\r\nHost: h\r\n\r\n");
  await isAsked.promise;
  for (let count = 0; count < 3; count++) {
    const reply = await fetch(`http://127.0.0.1:${server.port}/part`);
    expect((await reply.bytes()).length).toBe(PART_BYTES);
  }
  // The end of a reply is told when its client has it already.
  while (ended.length < 3) await Bun.sleep(5);
  await Bun.sleep(SETTLED_MS);
  expect(ended).toEqual(["/part sent", "/part sent", "/part sent"]);
  slow.destroy();
  await isOver.promise;
  expect(ended.at(-1)).toBe("/whole client_closed");
  await server.stop(0);
});
