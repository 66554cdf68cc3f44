import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";
import { prepareSchema } from "./schema.ts";

const WRITER_CACHE_KIB = 32 * 1024;
const READER_CACHE_KIB = 64 * 1024;
const BUSY_TIMEOUT_MS = 5000;
/** The log file is written back into the database when it has grown to this. */
const WAL_MAX_BYTES = 8 * 1024 * 1024;
/** Of a small store the log file may take no more than this share. */
const WAL_SHARE = 0.1;
const PAGE_BYTES = 4096;

export function databasePath(dataDir: string): string {
  return join(dataDir, "traces.db");
}

/** The one writing connection. Creates the folder, the file and the tables where they are missing. */
export function openWriter(dataDir: string, maxBytes: number): Database {
  const walBytes = Math.min(WAL_MAX_BYTES, Math.floor(maxBytes * WAL_SHARE));
  mkdirSync(dataDir, { recursive: true });
  const db = new Database(databasePath(dataDir), { create: true });
  try {
    db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    db.run(`PRAGMA page_size = ${PAGE_BYTES}`);
    // Both must be set before the first table exists; they do nothing later.
    db.run("PRAGMA auto_vacuum = INCREMENTAL");
    db.run("PRAGMA journal_mode = WAL");
    // A commit is with the kernel when it returns: a killed process loses nothing, a power cut the last moments.
    db.run("PRAGMA synchronous = NORMAL");
    db.run(`PRAGMA journal_size_limit = ${walBytes}`);
    db.run(`PRAGMA wal_autocheckpoint = ${Math.ceil(walBytes / PAGE_BYTES)}`);
    db.run(`PRAGMA cache_size = -${WRITER_CACHE_KIB}`);
    prepareSchema(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A connection that cannot write. The writer must have been opened before. */
export function openReader(dataDir: string): Database {
  const db = new Database(databasePath(dataDir), { readwrite: true, create: false });
  db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  db.run(`PRAGMA cache_size = -${READER_CACHE_KIB}`);
  db.run("PRAGMA temp_store = MEMORY");
  db.run("PRAGMA query_only = 1");
  return db;
}

/**
 * Keeps a second process off the folder: ids cached by one writer would be wrong after another one's eviction.
 * The lock is SQLite's own on a file of its own, so it goes away with the process however that ends.
 */
export function lockDataDir(dataDir: string): Disposable {
  mkdirSync(dataDir, { recursive: true });
  const db = new Database(join(dataDir, "lock.db"), { create: true });
  try {
    db.run("BEGIN EXCLUSIVE");
  } catch (cause) {
    db.close();
    throw new AisError("conflict", `cannot use data directory "${dataDir}": another aistrace is using it`, {
      cause,
    });
  }
  return { [Symbol.dispose]: () => db.close() };
}
