/**
 * The clock by which leases are judged: one reading for all processes of the machine, untouched by changes of the wall
 * clock. `process.hrtime` and `performance.now` will not do, since Bun counts them from the start of each process.
 */
import { readFileSync } from "node:fs";
import { must } from "@ais/base/assert.ts";
import { AisError } from "@ais/base/errors.ts";

export interface MachineClock {
  /** Changes at every boot of the machine; readings of two boots have nothing to do with each other. */
  readonly bootId: string;
  /** Milliseconds since boot; never goes back, counts time spent suspended. */
  nowMs(): number;
  /** A reading is behind the truth by less than this. */
  readonly resolutionMs: number;
}

const BOOT_ID_PATH = "/proc/sys/kernel/random/boot_id";
const UPTIME_PATH = "/proc/uptime";
/** The file has two decimals, cut off. */
const UPTIME_RESOLUTION_MS = 10;

/** Throws `unsupported` where the kernel offers no such clock. */
export function openMachineClock(): MachineClock {
  try {
    const bootId = readFileSync(BOOT_ID_PATH, "utf8").trim();
    readUptimeMs();
    return { bootId, nowMs: readUptimeMs, resolutionMs: UPTIME_RESOLUTION_MS };
  } catch (cause) {
    const message = `failed to read ${BOOT_ID_PATH} and ${UPTIME_PATH}: the sqlite coordinator needs Linux`;
    throw new AisError("unsupported", message, { cause });
  }
}

function readUptimeMs(): number {
  const seconds = Number(must(readFileSync(UPTIME_PATH, "latin1").split(" ")[0], `${UPTIME_PATH} is empty`));
  return Math.round(seconds * 1000);
}
