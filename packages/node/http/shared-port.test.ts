import { expect, test } from "bun:test";
import { startBunServer } from "./bun-serve.ts";
import { startNodeHttpServer } from "./node-http.ts";
import type { HttpServerOptions } from "./types.ts";

test.each([
  ["Bun.serve", startBunServer],
  ["node:http", startNodeHttpServer],
] as const)("%s: connections to a shared port are dealt out, and go to who is left", async (_, start) => {
  const served = [0, 0];
  const options = (server: number, port: number): HttpServerOptions => ({
    hostname: "127.0.0.1",
    port,
    sharesPort: true,
    idleTimeoutMs: 1000,
    handler: async (request) => {
      served[server] = (served[server] ?? 0) + 1;
      // Bodies of GET are what this driver is there for.
      return { status: 200, headers: [], body: await request.bytes(100) };
    },
  });
  const first = await start(options(0, 0));
  const second = await start(options(1, first.port));
  expect(second.port).toBe(first.port);
  const ask = async (): Promise<string> => {
    const reply = await fetch(`http://127.0.0.1:${first.port}/`, {
      method: "POST",
      body: "said",
      headers: { connection: "close" },
      keepalive: false,
    });
    return reply.text();
  };
  for (let n = 0; n < 60; n++) expect(await ask()).toBe("said");
  expect(Math.min(...served)).toBeGreaterThan(5);
  await first.stop(1000);
  const before = served[1] ?? 0;
  for (let n = 0; n < 20; n++) expect(await ask()).toBe("said");
  expect(served[1]).toBe(before + 20);
  await second.stop(1000);
});

test.each([
  ["Bun.serve", startBunServer],
  ["node:http", startNodeHttpServer],
] as const)("%s: a port that is not to be shared is not", async (_, start) => {
  const options = {
    hostname: "127.0.0.1",
    idleTimeoutMs: 1000,
    handler: () => ({ status: 200, headers: [], body: null }),
  };
  const first = await start({ ...options, port: 0 });
  const refused = await start({ ...options, port: first.port, sharesPort: true }).catch(
    (error) => error.code,
  );
  expect(refused).toBe("EADDRINUSE");
  await first.stop(0);
});
