/** What the watch does where the drivers' cases (http-limits.case-suite.ts) cannot look. */
import { expect, test } from "bun:test";
import { MemoryLogger } from "../testing/memory-services.ts";
import { DEFAULT_PACE } from "./body-pace.ts";
import { openConnectionWatch } from "./connection-watch.ts";
import { openTcpSockets, peerOf } from "./tcp-sockets.ts";

test("says once that the system cannot do it", () => {
  const logger = new MemoryLogger();
  const options = {
    port: 1,
    pace: DEFAULT_PACE,
    headTimeMs: 1,
    connectionCount: 1,
    busyPeers: () => new Set<string>(),
    onLimit: () => {},
    logger,
  };
  expect(openConnectionWatch(options, "libnothing.so.0")).toBeNull();
  expect(logger.lines.map(({ level }) => level)).toEqual(["warn"]);
});

test("names the other end of a connection as the runtime does, over IPv4, IPv6 and mapped addresses", async () => {
  const sockets = openTcpSockets();
  for (const hostname of ["127.0.0.1", "::1", "::"]) {
    let seen = "";
    using server = Bun.listen({
      hostname,
      port: 0,
      socket: {
        data: () => {},
        open: (socket) => {
          seen = peerOf(socket.remoteAddress, socket.remotePort);
        },
      },
    });
    const to = hostname === "::" ? "127.0.0.1" : hostname;
    const client = await Bun.connect({ hostname: to, port: server.port, socket: { data: () => {} } });
    client.write("hello");
    while (sockets.list(server.port)[0]?.receivedBytes !== 5) await Bun.sleep(5);
    const [found] = sockets.list(server.port);
    expect(sockets.list(server.port)).toHaveLength(1);
    expect(found?.peer).toBe(seen);
    expect(found?.peer).toBe(to === "::1" ? `v6:${client.localPort}` : `127.0.0.1:${client.localPort}`);
    client.end();
  }
});
