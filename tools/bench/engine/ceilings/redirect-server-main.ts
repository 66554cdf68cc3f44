/** The bare `node:http` redirect: the same path at another port, which the first argument names. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const origin = `http://127.0.0.1:${process.argv[2]}`;
const server = createServer((request, reply) => {
  const status = request.method === "GET" ? 301 : 307;
  reply.writeHead(status, { Location: `${origin}${request.url}`, "Content-Length": 0 });
  reply.end();
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`ready at ${(server.address() as AddressInfo).port}\n`);
});
