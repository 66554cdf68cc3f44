/** The bare server that the target is compared with: a constant buffer, no headers of its own, nothing looked at. */
const body = new Uint8Array(Number(process.argv[2]));
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch: () => new Response(body),
});
process.stdout.write(`ready at ${server.port}\n`);

export {};
