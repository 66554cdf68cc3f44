/** The bare servers, started for one row. */
import { join } from "node:path";
import { BenchProcess } from "../../lib/bench-process.ts";
import { SERVER_CORE } from "../../lib/cores.ts";
import { portOf } from "../engine-cluster.ts";

export interface BareServer {
  readonly port: number;
  /** Of all processes that a request meets. */
  readonly pids: readonly number[];
}

/** `Bun.serve` with one constant buffer. */
export function startConstantServer(bytes: number, stack: AsyncDisposableStack): Promise<BareServer> {
  return start("../../lib/constant-server-main.ts", [String(bytes)], stack);
}

/** `Bun.serve` with `Bun.file`, which sends by `sendfile`. */
export function startFileServer(path: string, stack: AsyncDisposableStack): Promise<BareServer> {
  return start("file-server-main.ts", [path], stack);
}

/** `Bun.serve` that receives a body and computes its xxHash64. */
export function startReceiveServer(stack: AsyncDisposableStack): Promise<BareServer> {
  return start("receive-server-main.ts", [], stack);
}

/** `node:http` that redirects to `next`. */
export async function startRedirectServer(
  next: BareServer,
  stack: AsyncDisposableStack,
): Promise<BareServer> {
  const { port, pids } = await start("redirect-server-main.ts", [String(next.port)], stack);
  return { port, pids: [...pids, ...next.pids] };
}

async function start(
  program: string,
  args: readonly string[],
  stack: AsyncDisposableStack,
): Promise<BareServer> {
  const command = [process.execPath, join(import.meta.dir, program), ...args];
  const server = stack.use(await BenchProcess.start({ command, core: SERVER_CORE }));
  return { port: portOf(server), pids: [server.pid] };
}
