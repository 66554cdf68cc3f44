/** The bare file server: `Bun.file` of one file for every request. */
const path = process.argv[2] ?? "";
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch: () => new Response(Bun.file(path)),
});
process.stdout.write(`ready at ${server.port}\n`);

export {};
