/** What every HTTP driver does with clients that are slow or many. Each driver's test file runs it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "@ais/base/lifecycle.ts";
import type { LimitName } from "@ais/base/limits.ts";
import { errorReply, toAisError } from "../error-reply.ts";
import { text } from "../testing/case-replies.ts";
import { memoryNode } from "../testing/memory-member.ts";
import { memoryServices } from "../testing/memory-services.ts";
import { exchange, type RawConnection, rawConnection } from "../testing/raw-client.ts";
import type { HttpHandler, HttpReply, HttpServer, ReplyOutcome, StartHttpServer } from "./types.ts";

const FACTS = memoryServices(memoryNode("target", "targetone", 1)).facts;
const WINDOW_MS = 1_000;
const HEAD_TIME_MS = 1_500;
const FILE_BYTES = 32 * 1024 * 1024;
const CONNECTIONS = 8;

export function runHttpLimitCases(name: string, start: StartHttpServer): void {
  describe(`${name}, limits`, () => {
    let directory: string;
    let server: HttpServer;
    let handler: HttpHandler = () => text("unset");
    const met: LimitName[] = [];

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), "http-limits-"));
      await writeFile(join(directory, "big"), Buffer.alloc(FILE_BYTES, "x"));
      server = await start({
        hostname: "127.0.0.1",
        port: 0,
        idleTimeoutMs: 30_000,
        handler: (request) => handler(request),
        pace: { windowMs: WINDOW_MS, leastBytesPerSecond: 1024 },
        connectionCount: CONNECTIONS,
        headTimeMs: HEAD_TIME_MS,
        onLimit: (limit) => met.push(limit),
      });
    });
    afterAll(async () => {
      await server.stop(0);
      await rm(directory, { recursive: true });
    });

    async function drip(connection: RawConnection, periodMs: number, isDone: () => boolean): Promise<void> {
      while (!isDone()) {
        connection.write("x");
        await sleep(periodMs);
      }
    }

    test.each([
      ["small", 1_000],
      ["large", 1_000_000],
    ])("a %s body that comes too slowly is ended with 408, and its connection", async (_, sizeBytes) => {
      handler = async (request) => {
        try {
          if (sizeBytes < 64 * 1024) await request.bytes(sizeBytes);
          else for await (const _piece of request.stream());
          return text("all");
        } catch (error) {
          return errorReply(toAisError(error), request, FACTS);
        }
      };
      const connection = await rawConnection(server.port);
      connection.write(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${sizeBytes}\r\n\r\nabc`);
      let isClosed = false;
      const dripping = drip(connection, 50, () => isClosed);
      const reply = await connection.rest();
      isClosed = true;
      await dripping;
      expect(reply).toStartWith("HTTP/1.1 408 ");
      expect(reply.toLowerCase()).toContain("retry-after: 1\r\n");
      expect(reply).toContain("the request body came too slowly");
    });

    test("a body that comes steadily is taken however long it takes, and a pause within the window too", async () => {
      handler = async (request) => {
        let sizeBytes = 0;
        for await (const piece of request.stream()) sizeBytes += piece.length;
        return text(`${sizeBytes}`);
      };
      const connection = await rawConnection(server.port);
      connection.write("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\nConnection: close\r\n\r\n");
      for (let n = 0; n < 10; n++) {
        connection.write("x".repeat(2000));
        await sleep(WINDOW_MS / 4);
      }
      expect(await connection.rest()).toEndWith("20000");
    });

    test("a body that the handler does not read on is not taken for a slow one", async () => {
      handler = async (request) => {
        const reader = request.stream().getReader();
        await reader.read();
        await sleep(2.5 * WINDOW_MS);
        let isDone = false;
        while (!isDone) isDone = (await reader.read()).done;
        return text("patient");
      };
      const reply = await fetch(`http://127.0.0.1:${server.port}/`, {
        method: "PUT",
        body: "x".repeat(2 << 20),
      });
      expect(await reply.text()).toBe("patient");
    });

    test("a client that does not take its reply is cut off, and told as such", async () => {
      const outcome = new Promise<ReplyOutcome>((resolve) => {
        handler = () => file({ onDone: resolve });
      });
      const before = met.length;
      const connection = await rawConnection(server.port, { isReading: false });
      connection.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      expect(await outcome).toBe("too_slow");
      expect(met.slice(before)).toEqual(["reply_rate"]);
      connection.destroy();
    });

    test.each([
      ["GET / HTTP/1.1\r\nHost: h\r\nX-", 100, false],
      ["G", 0, false],
      ["GET / HT", 0, true],
    ])(
      "a head that never ends is cut off: %j, %p ms between more, after another: %p",
      async (start, periodMs, isSecond) => {
        handler = () => text("first");
        const connection = await rawConnection(server.port);
        if (isSecond) {
          connection.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
          expect(await connection.head()).toContain(" 200 OK");
          await sleep(100);
        }
        const startedMs = performance.now();
        connection.write(start);
        let isClosed = false;
        const dripping = periodMs === 0 ? null : drip(connection, periodMs, () => isClosed);
        await connection.rest();
        isClosed = true;
        await dripping;
        const tookMs = performance.now() - startedMs;
        expect(tookMs).toBeGreaterThan(HEAD_TIME_MS - 100);
        expect(tookMs).toBeLessThan(2 * HEAD_TIME_MS + 3_000);
      },
    );

    test("a handler that takes its time, and a stream without news, are left alone", async () => {
      handler = async () => {
        await sleep(2 * WINDOW_MS);
        return text("late");
      };
      expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).toBe("late");
      const quiet = new ReadableStream<Uint8Array>({
        async start(controller) {
          await sleep(2 * WINDOW_MS);
          controller.enqueue(new TextEncoder().encode("news"));
          controller.close();
        },
      });
      handler = () => ({ status: 200, headers: [], body: { kind: "stream", stream: quiet } });
      expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).toBe("news");
    });

    test("of too many connections the idle ones are closed, and requests are answered", async () => {
      handler = () => text("served");
      const before = met.length;
      const idle: RawConnection[] = [];
      for (let n = 0; n < 2 * CONNECTIONS; n++) idle.push(await rawConnection(server.port));
      await sleep(2_300);
      expect(met.slice(before).filter((limit) => limit === "connections").length).toBeGreaterThanOrEqual(
        CONNECTIONS,
      );
      expect(server.connections).toBeLessThanOrEqual(CONNECTIONS);
      expect((await exchange(server.port, "GET / HTTP/1.1\r\nHost: h\r\n")).body).toBe("served");
      for (const connection of idle) connection.destroy();
    });

    test("when all connections are busy and too many, requests are answered 503 until that is over", async () => {
      const release = Promise.withResolvers<void>();
      handler = async () => {
        await release.promise;
        return text("served");
      };
      const busy = Array.from({ length: 2 * CONNECTIONS }, () =>
        exchange(server.port, "GET / HTTP/1.1\r\nHost: h\r\n"),
      );
      await sleep(2_300);
      const refused = await exchange(server.port, "GET / HTTP/1.1\r\nHost: h\r\n");
      expect(refused.status).toBe(503);
      expect(refused.head.toLowerCase()).toContain("retry-after: 1");
      release.resolve();
      expect((await Promise.all(busy)).map(({ body }) => body)).toEqual(busy.map(() => "served"));
      await sleep(1_300);
      expect((await exchange(server.port, "GET / HTTP/1.1\r\nHost: h\r\n")).status).toBe(200);
    });

    function file(rest: Partial<HttpReply>): HttpReply {
      const body = {
        kind: "file",
        path: join(directory, "big"),
        offsetBytes: 0,
        lengthBytes: FILE_BYTES,
      } as const;
      return { status: 200, headers: [], body, ...rest };
    }
  });
}
