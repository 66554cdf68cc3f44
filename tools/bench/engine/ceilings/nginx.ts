/** nginx as a file server, where it is installed: one process on the servers' core. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { sleep } from "@ais/base/lifecycle.ts";
import { SERVER_CORE } from "../../lib/cores.ts";

const START_MS = 5_000;
const POLL_MS = 20;

export interface FileServer extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

export function nginxPath(): string | null {
  return Bun.which("nginx") ?? (existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : null);
}

/** Serves what is in `root`. `directory` takes its configuration and logs. */
export async function startNginx(program: string, directory: string, root: string): Promise<FileServer> {
  await mkdir(directory, { recursive: true });
  const port = await freePort();
  const config = join(directory, "nginx.conf");
  await Bun.write(config, configText(directory, root, port));
  const taskset = Bun.which("taskset");
  const child = Bun.spawn(
    [
      ...(taskset === null ? [] : [taskset, "-c", String(SERVER_CORE)]),
      program,
      "-p",
      directory,
      "-c",
      config,
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  const server: FileServer = {
    pid: child.pid,
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
  for (
    const deadlineMs = performance.now() + START_MS;
    performance.now() < deadlineMs;
    await sleep(POLL_MS)
  ) {
    const reply = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    await reply?.arrayBuffer();
    if (reply !== null) return server;
  }
  await server[Symbol.asyncDispose]();
  throw new Error(`nginx did not start within ${START_MS} ms; its log is in ${directory}`);
}

function configText(directory: string, root: string, port: number): string {
  const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${join(directory, name)};`)
    .join("\n  ");
  return `daemon off;
master_process off;
error_log ${join(directory, "error.log")};
pid ${join(directory, "nginx.pid")};
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests 100000000;
  open_file_cache max=1000;
  ${scratch}
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`;
}

/** nginx cannot choose one and say which. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
