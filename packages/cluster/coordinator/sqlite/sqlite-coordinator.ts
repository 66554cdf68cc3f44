/**
 * Coordinator on one SQLite file (WAL) that the daemons of one machine share. Each opens the file for itself; there is no
 * server. Not for network file systems, which do not share WAL's memory between machines.
 */
import type { Statement } from "bun:sqlite";
import { AisError, isAisError } from "@ais/base/errors.ts";
import {
  type Coordinator,
  type CoordinatorEvent,
  type Expectation,
  type KeyValue,
  type Lease,
  LeaseExpiredError,
} from "../coordinator.ts";
import { ChangeLog, type ChangeLogLimits } from "./change-log.ts";
import { DatabaseFile, type WriteDurability } from "./database-file.ts";
import { EntryTable } from "./entry-table.ts";
import { checkKey, checkValue } from "./key-range.ts";
import { LeaseTable } from "./lease-table.ts";
import { type MachineClock, openMachineClock } from "./machine-clock.ts";
import { PULSE_TIMES, Pulse, type PulseTimes } from "./pulse.ts";
import { toOperationError } from "./sqlite-errors.ts";

export interface SqliteCoordinatorOptions extends Partial<ChangeLogLimits>, Partial<PulseTimes> {
  readonly lockTimeoutMs?: number;
  readonly maxDatabaseBytes?: number;
  readonly clock?: MachineClock;
}

export const SQLITE_DEFAULTS = {
  lockTimeoutMs: 3000,
  maxDatabaseBytes: 1024 ** 3,
  maxChanges: 4096,
  maxChangeBytes: 64 * 1024 ** 2,
  maxChangeAgeMs: 10 * 60_000,
} as const;

/** Opens or creates the database. Errors: `unavailable`, `unsupported` (newer format), `badRequest` (not ours). */
export async function openSqliteCoordinator(
  path: string,
  options: SqliteCoordinatorOptions = {},
): Promise<Coordinator> {
  const clock = options.clock ?? openMachineClock();
  const settings = { ...SQLITE_DEFAULTS, ...PULSE_TIMES, ...options };
  const { lockTimeoutMs, maxDatabaseBytes } = settings;
  const file = await DatabaseFile.open({ path, lockTimeoutMs, maxDatabaseBytes });
  return new SqliteCoordinator(file, clock, settings);
}

class SqliteCoordinator implements Coordinator {
  readonly #file: DatabaseFile;
  readonly #clock: MachineClock;
  readonly #log: ChangeLog;
  readonly #entries: EntryTable;
  readonly #leases: LeaseTable;
  readonly #pulse: Pulse;
  readonly #dataVersion: Statement<{ data_version: number }, []>;
  #seenDataVersion = 0;
  #notifiedRevision = 0;

  constructor(file: DatabaseFile, clock: MachineClock, settings: ChangeLogLimits & PulseTimes) {
    this.#file = file;
    this.#log = new ChangeLog(file.db, clock, settings);
    this.#entries = new EntryTable(file.db, this.#log);
    this.#leases = new LeaseTable(file.db, clock);
    this.#dataVersion = file.db.query("PRAGMA data_version");
    this.#clock = clock;
    const duties = {
      changedByOthers: () => this.#changedByOthers(),
      expiryDue: (nowMs: number) => this.#expiryDue(nowMs),
      sweep: () => this.#expire(),
    };
    this.#pulse = new Pulse(duties, clock, settings);
  }

  async get(key: string): Promise<KeyValue | null> {
    checkKey(key);
    await this.#sweepBeforeRead();
    return this.#file.read(`read "${key}"`, () => this.#entries.get(key));
  }

  async list(prefix: string): Promise<readonly KeyValue[]> {
    await this.#sweepBeforeRead();
    return this.#file.read(`list "${prefix}"`, () => this.#entries.list(prefix));
  }

  async put(key: string, value: string, expected: Expectation, lease?: Lease): Promise<KeyValue | null> {
    checkKey(key);
    const valueBytes = checkValue(key, value);
    // What goes with a lease is worthless after a reboot, so it need not survive one.
    return this.#write(`write "${key}"`, lease === undefined ? "fsync" : "os", () => {
      if (lease !== undefined && !this.#leases.exists(lease.id)) {
        throw new LeaseExpiredError(`failed to write "${key}": its lease has expired`);
      }
      return this.#entries.put(key, value, valueBytes, expected, lease?.id ?? null);
    });
  }

  async delete(key: string, expected: Expectation): Promise<boolean> {
    checkKey(key);
    return this.#write(`delete "${key}"`, "fsync", () => this.#entries.delete(key, expected));
  }

  async grantLease(ttlMs: number): Promise<Lease> {
    if (!Number.isSafeInteger(ttlMs) || ttlMs <= 0) {
      throw new AisError("badRequest", `invalid lease ttl ${ttlMs} ms, expecting a positive integer`);
    }
    const id = await this.#write("grant a lease", "os", () => this.#leases.insert(ttlMs));
    // The pulse runs as long as a lease may be alive, so that somebody expires the leases of a dead process.
    const release = this.#pulse.hold();
    return {
      id,
      ttlMs,
      renew: async () => {
        const alive = await this.#file.write("renew a lease", "os", () => this.#leases.extend(id, ttlMs));
        if (!alive) release();
        return alive;
      },
      revoke: async () => {
        await this.#write("revoke a lease", "os", () => this.#removeLease(id));
        release();
      },
    };
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncGenerator<CoordinatorEvent> {
    const release = this.#pulse.hold();
    try {
      let revision = fromRevision;
      while (!signal.aborted) {
        const generation = this.#pulse.changes.generation;
        const after = revision;
        const batch = await this.#file.read(`watch "${prefix}"`, () => this.#log.changesAfter(after, prefix));
        for (const event of batch.events) {
          if (signal.aborted) return;
          yield event;
        }
        revision = batch.nextRevision;
        if (!batch.more) await this.#pulse.changes.changedSince(generation, signal);
      }
    } finally {
      release();
    }
  }

  revision(): Promise<number> {
    return this.#file.read("read the revision", () => this.#log.revision());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pulse.stop();
    this.#file.close();
  }

  /** A write that starts by expiring what has run out, and wakes the watches of this process when anything changed. */
  async #write<T>(action: string, durability: WriteDurability, body: () => T): Promise<T> {
    const { result, revision } = await this.#file.write(action, durability, () => {
      if (this.#pulse.maySweep) this.#sweep();
      return { result: body(), revision: this.#log.revision() };
    });
    if (revision > this.#notifiedRevision) {
      this.#notifiedRevision = revision;
      this.#pulse.changes.wake();
    }
    return result;
  }

  /** Without a write lock the read goes ahead: a lease that nobody could expire is still in force. */
  async #sweepBeforeRead(): Promise<void> {
    if (!this.#pulse.maySweep) return;
    try {
      if (this.#expiryDue(this.#clock.nowMs())) await this.#expire();
    } catch (error) {
      if (!isAisError(toOperationError("expire leases", error), "unavailable")) throw error;
    }
  }

  async #expire(): Promise<void> {
    await this.#write("expire leases", "os", () => undefined);
  }

  #expiryDue(nowMs: number): boolean {
    this.#file.checkFile();
    return this.#leases.anyExpired(nowMs);
  }

  #sweep(): void {
    for (const id of this.#leases.expired()) this.#removeLease(id);
  }

  #removeLease(id: string): void {
    this.#entries.deleteOfLease(id);
    this.#leases.remove(id);
  }

  #changedByOthers(): boolean {
    const version = this.#dataVersion.get()?.data_version ?? 0;
    const changed = version !== this.#seenDataVersion;
    this.#seenDataVersion = version;
    return changed;
  }
}
