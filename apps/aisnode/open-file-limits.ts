/** How many connections and object files a node may have open, from how many files the system lets the process open. */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import type { Logger } from "@ais/base/log.ts";
import { DEFAULT_CONNECTION_COUNT } from "@ais/node/http/types.ts";
import { DEFAULT_STORAGE_LIMITS } from "@ais/storage/limits.ts";
import type { NodeOptions } from "./options.ts";

/** The index, the log, the coordinator, the collector, calls to peers, and what the runtime opens. */
const OWN_FILES = 256;
/** A connection whose reply is a file has two descriptors. */
const FILES_OF_A_CONNECTION = 2;
/** A node can work with so few; below it is an accident of the system's configuration. */
const COMFORTABLE_FILES = 4096;
const RLIMIT_NOFILE = 7;

export interface OpenFileLimits {
  /** What the system allows now; null where it does not tell. */
  readonly openFiles: number | null;
  readonly connectionCount: number;
  readonly openWriteCount: number;
}

/** Raises the process's own limit as far as it may be raised, and divides what there is. What is asked for is kept to. */
export function openFileLimits(
  options: Pick<NodeOptions, "max-connections" | "max-open-writes">,
  logger: Logger,
): OpenFileLimits {
  raiseOpenFiles(logger);
  const limits = divideOpenFiles(readOpenFiles(), options);
  const { openFiles } = limits;
  const isLow = openFiles !== null && openFiles < COMFORTABLE_FILES;
  logger.log(isLow ? "warn" : "info", isLow ? "the process may open few files" : "limits of open files", {
    open_files: openFiles ?? "unknown",
    connections: limits.connectionCount,
    open_writes: limits.openWriteCount,
  });
  return limits;
}

export function divideOpenFiles(
  openFiles: number | null,
  options: Pick<NodeOptions, "max-connections" | "max-open-writes">,
): OpenFileLimits {
  const free = Math.max(64, (openFiles ?? Number.POSITIVE_INFINITY) - OWN_FILES);
  const openWriteCount =
    options["max-open-writes"] ||
    Math.min(DEFAULT_STORAGE_LIMITS.openWriteCount, Math.max(8, Math.floor(free / 8)));
  const forConnections = Math.floor(Math.max(32, free - openWriteCount) / FILES_OF_A_CONNECTION);
  const connectionCount = options["max-connections"] || Math.min(DEFAULT_CONNECTION_COUNT, forConnections);
  return { openFiles, connectionCount, openWriteCount };
}

function readOpenFiles(): number | null {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === undefined || soft === "unlimited" ? null : Number(soft);
  } catch {
    return null;
  }
}

function raiseOpenFiles(logger: Logger): void {
  if (process.platform !== "linux") return;
  try {
    const name = { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 } as const;
    const { symbols } = dlopen("libc.so.6", { getrlimit: name, setrlimit: name });
    const limits = new BigUint64Array(2);
    if (symbols.getrlimit(RLIMIT_NOFILE, ptr(limits)) !== 0) return;
    const [soft = 0n, hard = 0n] = limits;
    if (soft >= hard) return;
    limits[0] = hard;
    if (symbols.setrlimit(RLIMIT_NOFILE, ptr(limits)) === 0) return;
    logger.log("warn", "failed to raise the limit of open files", { soft: String(soft), hard: String(hard) });
  } catch {
    // A C library of another name: the limit stays as it is, and is divided as it is.
  }
}
