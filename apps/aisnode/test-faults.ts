/**
 * Failures on demand, for tests of whole nodes: `AIS_TEST_FAULTS` names a file that says which storage operations are slow
 * or fail (`TestFault`). It is read again at every operation, so that a test can change it under a running node. Without
 * the variable, which nothing but tests sets, the storage engine knows no faults.
 */
import { readFileSync } from "node:fs";
import { sleep } from "@ais/base/lifecycle.ts";
import type { StorageFaults } from "@ais/storage/faults.ts";
import type { Environment } from "./options.ts";

export const TEST_FAULTS_VARIABLE = "AIS_TEST_FAULTS";
const HOLD_POLL_MS = 10;

export interface TestFault {
  /** A `FileOperation`, or `commit` for a transaction of the index. */
  readonly operation: string;
  readonly delayMs?: number;
  /** It waits for as long as the file says so. */
  readonly holds?: boolean;
  /** Such as `EIO`. */
  readonly errno?: string;
}

/** Null for a node that runs in earnest. */
export function testFaults(env: Environment): StorageFaults | null {
  const path = env[TEST_FAULTS_VARIABLE] ?? "";
  if (path === "") return null;
  return {
    files: { before: (operation) => meet(path, operation) },
    beforeCommit: () => meet(path, "commit"),
  };
}

async function meet(path: string, operation: string): Promise<void> {
  let fault = faultOf(path, operation);
  for (; fault?.holds === true; fault = faultOf(path, operation)) await sleep(HOLD_POLL_MS);
  if (fault === undefined) return;
  if (fault.delayMs !== undefined) await sleep(fault.delayMs);
  if (fault.errno !== undefined)
    throw Object.assign(new Error(`${fault.errno}: injected into ${operation}`), { code: fault.errno });
}

function faultOf(path: string, operation: string): TestFault | undefined {
  return readFaults(path).find((candidate) => candidate.operation === operation);
}

/** No file is no fault. */
function readFaults(path: string): readonly TestFault[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return JSON.parse(text) as readonly TestFault[];
}
