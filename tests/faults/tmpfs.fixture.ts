/** A small file system of its own under a directory: only root can mount one. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { must } from "@ais/base/assert.ts";
import type { TestCluster } from "@ais/testkit/cluster.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";

/** Why no tmpfs can be mounted here; empty when one can. */
export const tmpfsObstacle = findObstacle();

function findObstacle(): string {
  if (process.getuid?.() !== 0) return "mounting a tmpfs takes root";
  const probe = `/tmp/tmpfs-probe-${process.pid}`;
  mkdirSync(probe, { recursive: true });
  try {
    const { exitCode, stderr } = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", probe]);
    if (exitCode !== 0) return `mounting a tmpfs fails: ${stderr.toString().trim()}`;
    Bun.spawnSync(["umount", probe]);
    return "";
  } catch (error) {
    return `there is no mount command: ${String(error)}`;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/** The directory becomes an empty file system of `sizeMib`. Undone at the end of the block. */
export function mountTmpfs(directory: string, sizeMib: number): Disposable & { unmountLazily(): void } {
  mkdirSync(directory, { recursive: true });
  run(["mount", "-t", "tmpfs", "-o", `size=${sizeMib}m`, "tmpfs", directory]);
  let isMounted = true;
  const unmount = (): void => {
    if (isMounted) run(["umount", "--lazy", directory]);
    isMounted = false;
  };
  return { unmountLazily: unmount, [Symbol.dispose]: unmount };
}

function run(command: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync([...command]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
}

/** Restarts the only target with its first mountpath on a file system of its own, empty. */
export async function withSmallDisk(cluster: TestCluster, sizeMib: number) {
  const target = must(cluster.targets[0], "target");
  const mountpath = mountpathOf(target, 1);
  await target.end("SIGTERM");
  // All of them: beside another one that remembers it, an empty one would be refused.
  for (let number = 1; existsSync(mountpathOf(target, number)); number++) {
    rmSync(mountpathOf(target, number), { recursive: true });
  }
  const disk = mountTmpfs(mountpath, sizeMib);
  try {
    target.start();
    await target.ready();
    await cluster.complete();
    return disk;
  } catch (error) {
    disk[Symbol.dispose]();
    throw error;
  }
}

export function mountpathOf(target: Daemon, number: number): string {
  return `${target.plan.directory}/mp${number}`;
}
