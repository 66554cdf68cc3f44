import { readFileSync, statfsSync, statSync } from "node:fs";
import type { Clock } from "@ais/base/clock.ts";
import type { MountpathCapacity } from "./types.ts";

interface FileSystem {
  readonly mountPoint: string;
  readonly device: string;
  readonly fsType: string;
}

/** Space and devices of the mountpaths, asked of the system at most once in `cacheMs`. */
export class CapacityReader {
  readonly #paths: readonly string[];
  readonly #clock: Clock;
  readonly #cacheMs: number;
  #cached: readonly MountpathCapacity[] = [];
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(paths: readonly string[], clock: Clock, cacheMs: number) {
    this.#paths = paths;
    this.#clock = clock;
    this.#cacheMs = cacheMs;
  }

  /** Something was removed: what was seen before counts no more. */
  lookAgain(): void {
    this.#readAtMs = Number.NEGATIVE_INFINITY;
  }

  read(maxAgeMs = this.#cacheMs): readonly MountpathCapacity[] {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#readAtMs >= maxAgeMs) {
      const fileSystems = readFileSystems();
      this.#cached = this.#paths.map((path) => readCapacity(path, fileSystems));
      this.#readAtMs = nowMs;
    }
    return this.#cached;
  }
}

function readCapacity(path: string, fileSystems: readonly FileSystem[]): MountpathCapacity {
  try {
    return readPresentCapacity(path, fileSystems);
  } catch {
    // A mountpath that has gone has no space, and must not hide the others.
    return {
      path,
      usedBytes: 0,
      availableBytes: 0,
      fsType: "unknown",
      fsId: NO_FILE_SYSTEM_ID,
      device: "unknown",
    };
  }
}

function readPresentCapacity(path: string, fileSystems: readonly FileSystem[]): MountpathCapacity {
  const { blocks, bavail, bsize } = statfsSync(path);
  const fileSystem = fileSystemOf(path, fileSystems);
  return {
    path,
    usedBytes: (blocks - bavail) * bsize,
    availableBytes: bavail * bsize,
    fsType: fileSystem?.fsType ?? "unknown",
    fsId: fileSystemId(statSync(path).dev),
    device: fileSystem?.device ?? "unknown",
  };
}

const NO_FILE_SYSTEM_ID = "0,0";

/** Two signed 32-bit numbers, the form that clients parse. */
function fileSystemId(device: number): string {
  return `${device | 0},${Math.floor(device / 2 ** 32) | 0}`;
}

function fileSystemOf(path: string, fileSystems: readonly FileSystem[]): FileSystem | undefined {
  let nearest: FileSystem | undefined;
  for (const fileSystem of fileSystems) {
    const { mountPoint } = fileSystem;
    const contains = mountPoint === "/" || path === mountPoint || path.startsWith(`${mountPoint}/`);
    // Of two mounts on one point the later one is seen.
    if (contains && mountPoint.length >= (nearest?.mountPoint.length ?? 0)) nearest = fileSystem;
  }
  return nearest;
}

/** Empty where the system has no such file. */
function readFileSystems(): readonly FileSystem[] {
  let text: string;
  try {
    text = readFileSync("/proc/self/mounts", "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    const [device, mountPoint, fsType] = line.split(" ").map(unescapeOctal);
    return device && mountPoint && fsType ? [{ device, mountPoint, fsType }] : [];
  });
}

/** The kernel writes blanks and backslashes as `\040` and the like. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
