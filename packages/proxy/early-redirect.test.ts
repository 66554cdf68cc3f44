/** A proxy behind a real listener, with real clients: the redirect comes before the body, and nobody is cut off. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CURL, curl } from "@ais/testkit/curl.ts";
import { fakeNode } from "./fixtures/fake-member.ts";
import { FakeProxy } from "./fixtures/fake-proxy.ts";
import { startProxyServer } from "./proxy.ts";

const BODY = Buffer.alloc(3 * 1024 * 1024, "x");
const SEEN_BY_TARGET = `PUT /v1/objects/nnn/dir/big ${BODY.length}`;

const stack = new AsyncDisposableStack();
let origin: string;
let url: string;
let file: string;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "early-redirect-"));
  stack.defer(() => rm(directory, { recursive: true }));
  file = join(directory, "body");
  await writeFile(file, BODY);
  const target = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
      return new Response(`${request.method} ${pathname} ${(await request.bytes()).length}`);
    },
  });
  stack.defer(() => target.stop(true));
  const node = fakeNode("target-one", "target", `http://127.0.0.1:${target.port}`, 1n);
  const { handler } = await FakeProxy.create({ targets: [node] });
  const server = await startProxyServer({ hostname: "127.0.0.1", port: 0, handler, idleTimeoutMs: 10_000 });
  stack.defer(() => server.stop(1000));
  origin = `http://127.0.0.1:${server.port}`;
  url = `${origin}/v1/objects/nnn/dir/big`;
});

afterAll(() => stack.disposeAsync());

test.skipIf(CURL === null).each([["Expect: 100-continue"], ["Expect:"]])(
  "curl -L with %p sends the body to the target",
  async (expectation) => {
    expect(await curl("-L", "-T", file, "-H", expectation, url)).toBe(SEEN_BY_TARGET);
  },
);

test.skipIf(CURL === null)("curl -L with a chunked body", async () => {
  expect(await curl("-L", "-T", file, "-H", "Transfer-Encoding: chunked", url)).toBe(SEEN_BY_TARGET);
});

test("fetch follows GET and PUT", async () => {
  expect(await (await fetch(url)).text()).toBe("GET /v1/objects/nnn/dir/big 0");
  expect(await (await fetch(url, { method: "PUT", body: BODY })).text()).toBe(SEEN_BY_TARGET);
});

test.skipIf(CURL === null)(
  "requests after an upload that was redirected early are answered on any connection",
  async () => {
    const format = ["-o", "/dev/null", "-w", "%{http_code} "];
    const statuses = await curl(
      "-T",
      file,
      ...format,
      url,
      "--next",
      "-sS",
      ...format,
      url,
      "--next",
      "-sS",
      ...format,
      `${origin}/v1/health`,
    );
    expect(statuses).toBe("307 301 200 ");
  },
);

test.skipIf(CURL === null)(
  "a name with dots cannot climb out of the bucket, whatever the client's URL parser does",
  async () => {
    const status = ["--path-as-is", "-o", "/dev/null", "-w", "%{http_code}"];
    expect(await curl(...status, `${origin}/v1/objects/nnn/../../daemon`)).toBe("400");
  },
);
