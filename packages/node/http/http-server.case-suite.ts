/** What every HTTP driver must do. Each driver's test file runs it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorText } from "@ais/base/errors.ts";
import { echoError, text } from "../testing/case-replies.ts";
import { exchange, rawConnection } from "../testing/raw-client.ts";
import type {
  HttpHandler,
  HttpReply,
  HttpRequest,
  HttpServer,
  ReplyOutcome,
  StartHttpServer,
} from "./types.ts";

export interface HttpServerCases {
  readonly name: string;
  readonly start: StartHttpServer;
  /** Case name to the reason why this driver cannot. */
  readonly skips: Readonly<Record<string, string>>;
}

const FILE_BYTES = 32 * 1024 * 1024;

export function runHttpServerCases({ name, start, skips }: HttpServerCases): void {
  describe(name, () => {
    let directory: string;
    let server: HttpServer;
    let handler: HttpHandler = () => text("unset");

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), "http-cases-"));
      await writeFile(join(directory, "big"), Buffer.alloc(FILE_BYTES, "x"));
      await writeFile(join(directory, "small"), "0123456789");
      server = await start({
        hostname: "127.0.0.1",
        port: 0,
        idleTimeoutMs: 30_000,
        handler: (request) => handler(request),
      });
    });
    afterAll(async () => {
      await server.stop(0);
      await rm(directory, { recursive: true });
    });

    function testCase(title: string, run: () => Promise<void>): void {
      const reason = skips[title];
      if (reason === undefined) test(title, run);
      else test.skip(`${title} (${reason})`, run);
    }

    /** Serves the next request with `serve` and resolves with how its reply ended. */
    function serveOnce(
      serve: (request: HttpRequest) => HttpReply | Promise<HttpReply>,
    ): Promise<ReplyOutcome[]> {
      const outcomes: ReplyOutcome[] = [];
      return new Promise((resolve) => {
        handler = async (request) => {
          const reply = await serve(request);
          return {
            ...reply,
            onDone: (outcome) => {
              outcomes.push(outcome);
              // A second call would come right after the first.
              setTimeout(() => resolve(outcomes), 20);
            },
          };
        };
      });
    }

    const url = (path: string): string => `http://127.0.0.1:${server.port}${path}`;
    const bodyLength = (request: HttpRequest) => async (): Promise<HttpReply> =>
      text(`${(await request.bytes(1e6)).length}`);

    testCase("gives method, raw path, raw query and headers", async () => {
      let seen: unknown;
      handler = (request) => {
        seen = [
          request.method,
          request.rawPath,
          request.rawQuery,
          request.header("x-one"),
          request.header("x-none"),
          request.remoteAddress,
        ];
        return text("");
      };
      await exchange(
        server.port,
        "DELETE /a%2Fb%20c%23%25/%E4%B8%AD?q=%41&r HTTP/1.1\r\nHost: h\r\nX-One: 1\r\n",
      );
      expect(seen).toEqual(["DELETE", "/a%2Fb%20c%23%25/%E4%B8%AD", "q=%41&r", "1", null, "127.0.0.1"]);
    });

    testCase("keeps dot segments of the path", async () => {
      let path = "";
      handler = (request) => {
        path = request.rawPath;
        return text("");
      };
      await exchange(server.port, "GET /a/../b/%2e%2e/c HTTP/1.1\r\nHost: h\r\n");
      expect(path).toBe("/a/../b/%2e%2e/c");
    });

    testCase("takes an absolute request target", async () => {
      let path = "";
      handler = (request) => {
        path = `${request.rawPath} ${request.rawQuery}`;
        return text("");
      };
      await exchange(server.port, "GET http://other/p?q=1 HTTP/1.1\r\nHost: h\r\n");
      expect(path).toBe("/p q=1");
    });

    testCase("parts repeated headers whose values hold commas", async () => {
      let lines: readonly string[] = [];
      handler = (request) => {
        lines = request.headerLines("ais-custom-md");
        return text("");
      };
      const head =
        "PUT / HTTP/1.1\r\nHost: h\r\nAis-Custom-Md: a=1, 2\r\nAis-Custom-Md: b=x=y\r\nContent-Length: 0\r\n";
      await exchange(server.port, head);
      expect(lines).toEqual(["a=1, 2", "b=x=y"]);
    });

    testCase("parts repeated headers exactly", async () => {
      let lines: readonly string[] = [];
      handler = (request) => {
        lines = request.headerLines("x-a");
        return text("");
      };
      await exchange(server.port, "GET / HTTP/1.1\r\nHost: h\r\nX-A: a=1, b=2\r\nX-A: c=3\r\n");
      expect(lines).toEqual(["a=1, b=2", "c=3"]);
    });

    testCase("hands over the body of GET", async () => {
      handler = async (request) => text(new TextDecoder().decode(await request.bytes(100)));
      const head = "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n";
      expect((await exchange(server.port, head, "hello")).body).toBe("hello");
    });

    testCase("reads whole bodies, sized and chunked and absent", async () => {
      handler = (request) => bodyLength(request)();
      const put = (body: string | ReadableStream<Uint8Array> | null): Promise<string> =>
        fetch(url("/"), { method: "PUT", body }).then((reply) => reply.text());
      expect(await put("abc")).toBe("3");
      expect(await put(new Blob(["abcd"]).stream())).toBe("4");
      expect(await put(null)).toBe("0");
    });

    testCase("refuses bodies over the limit, sized and chunked", async () => {
      handler = (request) => echoError(async () => text(`${(await request.bytes(10)).length}`));
      const sized = await fetch(url("/"), { method: "PUT", body: "x".repeat(11) });
      expect(await sized.text()).toContain("larger than 10 bytes");
      const chunked = await fetch(url("/"), { method: "PUT", body: new Blob(["x".repeat(11)]).stream() });
      expect(await chunked.text()).toContain("larger than 10 bytes");
    });

    testCase("ends a connection whose body comes in a coding that it does not know", async () => {
      let requests = 0;
      handler = () => {
        requests++;
        return text("");
      };
      for (const coding of [
        "xchunked",
        "gzip, chunked",
        "chunked, identity",
        "chunked\r\nTransfer-Encoding: chunked",
      ]) {
        const connection = await rawConnection(server.port);
        const smuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
        connection.write(`PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: ${coding}\r\n\r\n${smuggled}`);
        expect(await connection.rest()).toMatch(/^HTTP\/1\.1 400 /);
      }
      expect(requests).toBe(0);
    });

    testCase("fails bytes() when the client sends less than it announced", async () => {
      const failure = new Promise<string>((resolve) => {
        handler = async (request) => {
          await request.bytes(1e6).catch((error: unknown) => resolve(errorText(error)));
          return text("");
        };
      });
      const connection = await rawConnection(server.port);
      connection.write("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
      await connection.sent();
      connection.destroy();
      expect(await failure).toContain("request body ended");
    });

    testCase("fails stream() when the client leaves in the middle of it", async () => {
      const failure = new Promise<string>((resolve) => {
        handler = async (request) => {
          try {
            for await (const chunk of request.stream()) if (chunk.length > 0) connection.destroy();
            resolve("ended");
          } catch (error) {
            resolve(errorText(error));
          }
          return text("");
        };
      });
      const connection = await rawConnection(server.port);
      connection.write("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
      expect(await failure).toContain("request body ended");
    });

    testCase("answers early and then serves the same connection", async () => {
      handler = (request) => ({
        status: 307,
        headers: [
          ["Location", "http://elsewhere/"],
          ["X-Path", request.rawPath],
        ],
        body: null,
      });
      const connection = await rawConnection(server.port);
      connection.write("PUT /one HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n");
      expect(await connection.head()).toContain("/one");
      connection.write("x".repeat(300_000));
      connection.write("GET /two HTTP/1.1\r\nHost: h\r\n\r\n");
      expect(await connection.head()).toContain("/two");
      connection.destroy();
    });

    testCase("takes the body of a client that asks first", async () => {
      handler = (request) => bodyLength(request)();
      const connection = await rawConnection(server.port);
      connection.write("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
      expect(await connection.head()).toBe("HTTP/1.1 100 Continue");
      connection.write("hello");
      expect(await connection.head()).toContain("200 OK");
      connection.destroy();
    });

    testCase("does not ask for a body that nobody reads", async () => {
      handler = () => ({ status: 307, headers: [["Location", "http://elsewhere/"]], body: null });
      const connection = await rawConnection(server.port);
      connection.write("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
      expect(await connection.rest()).toStartWith("HTTP/1.1 307");
    });

    testCase("sends repeated reply headers and a length for bytes and text", async () => {
      const outcomes = serveOnce(() => ({
        status: 201,
        headers: [
          ["X-A", "1"],
          ["X-A", "2"],
        ],
        body: new TextEncoder().encode("héllo"),
      }));
      const reply = await fetch(url("/"));
      expect([reply.status, reply.headers.get("x-a"), reply.headers.get("content-length")]).toEqual([
        201,
        "1, 2",
        "6",
      ]);
      expect(await reply.text()).toBe("héllo");
      expect(await outcomes).toEqual(["sent"]);
    });

    testCase("announces a length without a body", async () => {
      const outcomes = serveOnce(() => ({
        status: 200,
        headers: [],
        body: null,
        announcedLengthBytes: 12_345,
      }));
      const reply = await fetch(url("/"), { method: "HEAD" });
      expect(reply.headers.get("content-length")).toBe("12345");
      expect(await outcomes).toEqual(["sent"]);
    });

    testCase("sends a part of a file with its own status and length", async () => {
      const outcomes = serveOnce(() => file("small", 3, 4, [["Content-Type", "application/octet-stream"]]));
      const reply = await fetch(url("/"));
      expect([reply.status, reply.headers.get("content-length")]).toEqual([200, "4"]);
      expect(reply.headers.get("content-disposition") ?? "inline").toBe("inline");
      expect(await reply.text()).toBe("3456");
      expect(await outcomes).toEqual(["sent"]);
    });

    testCase("tells when the client left in the middle of a file", async () => {
      let aborted: Promise<void> = Promise.resolve();
      const outcomes = serveOnce((request) => {
        aborted = new Promise((resolve) => request.signal.addEventListener("abort", () => resolve()));
        return file("big", 0, FILE_BYTES);
      });
      const connection = await rawConnection(server.port);
      connection.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      await connection.head();
      connection.destroy();
      expect(await outcomes).toEqual(["client_closed"]);
      await aborted;
    });

    testCase("ends each of many readers of one file once", async () => {
      const readers = 24;
      let ended = 0;
      const allEnded = new Promise<void>((resolve) => {
        handler = () => ({
          ...file("big", 0, 300_000),
          onDone: (outcome) => {
            expect(outcome).toBe("sent");
            if (++ended === readers) resolve();
          },
        });
      });
      await Promise.all(
        Array.from({ length: readers }, async () => {
          expect((await (await fetch(url("/"))).arrayBuffer()).byteLength).toBe(300_000);
        }),
      );
      await allEnded;
      expect(ended).toBe(readers);
    });

    testCase("reports a file that vanished", async () => {
      const outcomes = serveOnce(() => file("missing", 0, 10));
      const reply = await fetch(url("/")).catch(() => null);
      expect(reply?.status ?? 500).toBe(500);
      expect(await outcomes).toEqual(["io_error"]);
    });

    testCase("reports a header that cannot be sent", async () => {
      const outcomes = serveOnce(() => ({ status: 200, headers: [["X-A", "日本"]], body: "content" }));
      const reply = await fetch(url("/")).catch(() => null);
      expect(reply?.status ?? 500).toBe(500);
      expect(await outcomes).toEqual(["io_error"]);
    });

    testCase("hides what a handler throws", async () => {
      handler = () => {
        throw new Error("secret detail");
      };
      const reply = await fetch(url("/")).catch(() => null);
      expect(reply === null || reply.status === 500).toBe(true);
      expect((await reply?.text()) ?? "").not.toContain("secret");
    });

    testCase("lets requests finish before it stops", async () => {
      const own = await start({
        hostname: "127.0.0.1",
        port: 0,
        idleTimeoutMs: 30_000,
        handler: async () => {
          stopped = own.stop(5000);
          await Bun.sleep(50);
          return text("finished");
        },
      });
      let stopped: Promise<void> = Promise.resolve();
      const reply = await fetch(`http://127.0.0.1:${own.port}/`);
      expect(await reply.text()).toBe("finished");
      await stopped;
      expect(await fetch(`http://127.0.0.1:${own.port}/`).catch(() => "refused")).toBe("refused");
    });

    testCase("stops at the deadline whatever is still running", async () => {
      const entered = Promise.withResolvers<void>();
      const own = await start({
        hostname: "127.0.0.1",
        port: 0,
        idleTimeoutMs: 30_000,
        handler: () => {
          entered.resolve();
          return new Promise<HttpReply>(() => {});
        },
      });
      const reply = fetch(`http://127.0.0.1:${own.port}/`).catch(() => "cut");
      await entered.promise;
      await own.stop(30);
      expect(await reply).toBe("cut");
    });

    function file(
      fileName: string,
      offsetBytes: number,
      lengthBytes: number,
      headers: HttpReply["headers"] = [],
    ): HttpReply {
      return {
        status: 200,
        headers,
        body: { kind: "file", path: join(directory, fileName), offsetBytes, lengthBytes },
      };
    }
  });
}
