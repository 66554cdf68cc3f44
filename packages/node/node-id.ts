/** The id of a daemon: given, kept from before, or made up once. */
import { randomInt } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { durableWriteBytes } from "@ais/base/durable-write.ts";
import { AisError } from "@ais/base/errors.ts";

export interface NodeIdOptions {
  /** From the command line; wins over everything. */
  readonly option?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly confdir: string;
}

const ID_FILE = "daemon_id";
const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{6,30}[A-Za-z0-9]$/;
const GENERATED_LENGTH = 8;
/** Without the letters and digits that people mistake for each other. */
const NICE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz";
const NICE = `${NICE_LETTERS}23456789`;

/**
 * Option, then `AIS_DAEMON_ID`, then the id kept in `confdir`, else a new one. The id is kept, so that a daemon started
 * again without option and variable is the same node. Throws `badRequest` for an invalid id.
 */
export async function resolveNodeId({ option, env, confdir }: NodeIdOptions): Promise<string> {
  const path = join(confdir, ID_FILE);
  const kept = await readKept(path);
  const given = option || env.AIS_DAEMON_ID || kept;
  const id = given === null ? generateNodeId() : validateNodeId(given);
  if (id !== kept) {
    await mkdir(confdir, { recursive: true });
    await durableWriteBytes(path, `${id}\n`, { flush: "fsync" });
  }
  return id;
}

/** The next start from there is a new node, unless it is given an id. */
export async function forgetNodeId(confdir: string): Promise<void> {
  await rm(join(confdir, ID_FILE), { force: true });
}

/** Eight characters, the first one a letter. */
export function generateNodeId(random: (limit: number) => number = randomInt): string {
  let id = "";
  for (let at = 0; at < GENERATED_LENGTH; at++) {
    const alphabet = at === 0 ? NICE_LETTERS : NICE;
    id += alphabet.charAt(random(alphabet.length));
  }
  return id;
}

export function validateNodeId(id: string): string {
  if (ID_PATTERN.test(id)) return id;
  throw new AisError(
    "badRequest",
    `invalid daemon id "${id}", expecting 8 to 32 letters, digits, "-" or "_", no "-" or "_" at the ends`,
  );
}

async function readKept(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
