import type { Database } from "bun:sqlite";
import { AisError } from "@ais/base/errors.ts";

/** Kept in `PRAGMA user_version`; a database of a newer one is refused, never rewritten. */
export const SCHEMA_VERSION = 1;

const TABLES = `
  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- Revision of the newest change.
    revision INTEGER NOT NULL,
    -- Changes up to and including this one are no longer in the log.
    compacted_revision INTEGER NOT NULL
  );
  INSERT INTO state (id, revision, compacted_revision) VALUES (1, 0, 0);

  CREATE TABLE entries (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL,
    revision INTEGER NOT NULL,
    lease_id TEXT
  );
  CREATE INDEX entries_by_lease ON entries (lease_id) WHERE lease_id IS NOT NULL;

  -- What watches read. A null value is a deletion.
  CREATE TABLE changes (
    revision INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    value TEXT,
    value_bytes INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
  );

  -- Times are of the machine clock and mean something within one boot only.
  CREATE TABLE leases (
    id TEXT PRIMARY KEY NOT NULL,
    boot_id TEXT NOT NULL,
    ttl_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
  );
  CREATE INDEX leases_by_expiry ON leases (expires_at_ms);
`;

/** Creates the tables of an empty database. Runs inside an IMMEDIATE transaction, so that one process does it. */
export function prepareSchema(db: Database): void {
  const found = readUserVersion(db);
  if (found === SCHEMA_VERSION) return;
  if (found > SCHEMA_VERSION) {
    const message = `coordinator database has format version ${found}, this program reads up to ${SCHEMA_VERSION}`;
    throw new AisError("unsupported", message);
  }
  const foreign = db.query("SELECT name FROM sqlite_schema LIMIT 1").get();
  if (foreign !== null) throw new AisError("badRequest", "the file is a database of another program");
  db.run(TABLES);
  db.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

function readUserVersion(db: Database): number {
  return db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}
