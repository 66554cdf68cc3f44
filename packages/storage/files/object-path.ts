import { join } from "node:path";
import { TEMPORARY_SUFFIX } from "@ais/base/durable-write.ts";
import { OBJECTS_DIRECTORY } from "../on-disk-format.ts";

const FILE_NAME = /^[0-9a-f]{16}$/;
/** Of the 256 subdirectories. */
const SUBDIRECTORY_DIGITS = 2;
const RUN_SHIFT = 32n;

export function objectSubdirectory(mountpath: string, number: number): string {
  return join(mountpath, OBJECTS_DIRECTORY, number.toString(16).padStart(SUBDIRECTORY_DIGITS, "0"));
}

/** The lowest byte of the id spreads consecutive files over all subdirectories. */
export function objectFilePath(mountpath: string, fileId: bigint): string {
  // Put together by hand: every GET of a file asks for its path.
  const name = fileId.toString(16).padStart(16, "0");
  return `${mountpath}/${OBJECTS_DIRECTORY}/${name.slice(-SUBDIRECTORY_DIGITS)}/${name}`;
}

/** Null when the name is not that of a complete object file. */
export function fileIdOfName(name: string): bigint | null {
  return FILE_NAME.test(name) ? BigInt(`0x${name}`) : null;
}

/** The object file that a temporary file was going to be; null when the name is not that of one. */
export function fileIdOfTemporaryName(name: string): bigint | null {
  const [stem = ""] = name.split(".", 1);
  return name.endsWith(TEMPORARY_SUFFIX) ? fileIdOfName(stem) : null;
}

export function runOfFileId(fileId: bigint): number {
  return Number(fileId >> RUN_SHIFT);
}

/** Ids of one run of the daemon: they grow, and no other run has them. */
export class FileIds {
  readonly #run: number;
  #next: bigint;
  readonly #open = new Set<bigint>();

  constructor(run: number) {
    this.#run = run;
    this.#next = (BigInt(run) << RUN_SHIFT) | 1n;
  }

  take(): bigint {
    const id = this.#next;
    this.#next += 1n;
    this.#open.add(id);
    return id;
  }

  /** The file is named by the index now, or gone. */
  settle(id: bigint): void {
    this.#open.delete(id);
  }

  isOfThisRun(id: bigint): boolean {
    return runOfFileId(id) === this.#run;
  }

  /** True while a write has the id: its file is not named by any record, and no left-over either. */
  isOpen(id: bigint): boolean {
    return this.#open.has(id);
  }
}
