/**
 * One connection to the coordinator's file. SQLite calls are synchronous, so a lock held by another process is awaited
 * in short slices: the event loop that serves requests never stands still for longer than `BUSY_SLICE_MS`.
 */
import { Database } from "bun:sqlite";
import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { AisError } from "@ais/base/errors.ts";
import { backoffMs, sleep } from "@ais/base/lifecycle.ts";
import { prepareSchema } from "./schema.ts";
import { isBusy, toOperationError } from "./sqlite-errors.ts";

export interface DatabaseFileOptions {
  readonly path: string;
  /** How long an operation waits for a lock before it is `unavailable`. */
  readonly lockTimeoutMs: number;
  readonly maxDatabaseBytes: number;
}

/** `fsync`: on disk at return. `os`: with the kernel, which is enough for what is worthless after a reboot. */
export type WriteDurability = "fsync" | "os";

const BUSY_SLICE_MS = 20;
const RETRY_CAP_MS = 50;
const PAGE_BYTES = 4096;
/** The database holds the cluster's secrets; SQLite gives its other files the same mode. */
const OWNER_ONLY = 0o600;

export class DatabaseFile {
  readonly db: Database;
  readonly #options: DatabaseFileOptions;
  readonly #identity: string;
  #durability: WriteDurability = "fsync";
  #closed = false;

  private constructor(db: Database, options: DatabaseFileOptions) {
    this.db = db;
    this.#options = options;
    this.#identity = identityOf(options.path);
  }

  /** Creates the file, and its directory, when there is none. Errors name the path: they are read by the operator. */
  static async open(options: DatabaseFileOptions): Promise<DatabaseFile> {
    try {
      mkdirSync(dirname(options.path), { recursive: true });
      const isNew = !existsSync(options.path);
      const db = new Database(options.path, { create: true, strict: true });
      try {
        if (isNew) chmodSync(options.path, OWNER_ONLY);
        await retryWhileBusy(options.lockTimeoutMs, () => configure(db, options));
        return new DatabaseFile(db, options);
      } catch (error) {
        db.close();
        throw error;
      }
    } catch (cause) {
      const error = toOperationError("open it", cause);
      const code = error instanceof AisError ? error.code : "unavailable";
      throw new AisError(code, `failed to open coordinator database "${options.path}": ${error.message}`, {
        cause,
      });
    }
  }

  /** Runs `body` on one consistent state. `action` completes "failed to …". */
  read<T>(action: string, body: () => T): Promise<T> {
    return this.#operate(action, () => this.#transaction("BEGIN", body));
  }

  /** Runs `body` alone among all processes; what it throws rolls everything back. */
  write<T>(action: string, durability: WriteDurability, body: () => T): Promise<T> {
    return this.#operate(action, () => {
      this.#setDurability(durability);
      return this.#transaction("BEGIN IMMEDIATE", body);
    });
  }

  /** Throws `unavailable` when the path no longer leads to the open file: writes would go where nobody looks. */
  checkFile(): void {
    if (this.#closed) throw new AisError("unavailable", "the coordinator is closed");
    let identity: string;
    try {
      identity = identityOf(this.#options.path);
    } catch (cause) {
      throw new AisError("unavailable", "the coordinator database file is gone", { cause });
    }
    if (identity !== this.#identity) {
      throw new AisError("unavailable", "the coordinator database file was replaced: restart this node");
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.db.close();
  }

  async #operate<T>(action: string, body: () => T): Promise<T> {
    try {
      return await retryWhileBusy(this.#options.lockTimeoutMs, () => {
        this.checkFile();
        return body();
      });
    } catch (error) {
      throw toOperationError(action, error);
    }
  }

  #transaction<T>(begin: "BEGIN" | "BEGIN IMMEDIATE", body: () => T): T {
    this.db.query(begin).run();
    try {
      const result = body();
      this.db.query("COMMIT").run();
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors, such as a full disk.
      if (this.db.inTransaction) this.db.query("ROLLBACK").run();
      throw error;
    }
  }

  #setDurability(durability: WriteDurability): void {
    if (this.#durability === durability) return;
    this.db.run(`PRAGMA synchronous = ${durability === "fsync" ? "FULL" : "NORMAL"}`);
    this.#durability = durability;
  }
}

function configure(db: Database, options: DatabaseFileOptions): void {
  db.run(`PRAGMA busy_timeout = ${BUSY_SLICE_MS}`);
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  db.run(`PRAGMA max_page_count = ${Math.ceil(options.maxDatabaseBytes / PAGE_BYTES)}`);
  db.run("BEGIN IMMEDIATE");
  try {
    prepareSchema(db);
    db.run("COMMIT");
  } catch (error) {
    if (db.inTransaction) db.run("ROLLBACK");
    throw error;
  }
}

async function retryWhileBusy<T>(timeoutMs: number, body: () => T): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return body();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadlineMs) throw error;
      await sleep(backoffMs(attempt, 2, RETRY_CAP_MS));
    }
  }
}

function identityOf(path: string): string {
  const { dev, ino } = statSync(path);
  return `${dev}:${ino}`;
}
