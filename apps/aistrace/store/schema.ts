import type { Database } from "bun:sqlite";
import { AisError } from "@ais/base/errors.ts";

export const SCHEMA_VERSION = 1;

/**
 * Spans lie in arrival order, so that a trace's spans are near each other and eviction frees whole pages. The two wide
 * indexes answer a search without touching the spans: they carry duration, origin and the tag signature (`signature.ts`).
 * `spans` of operation and origin counts their users, so that both can be forgotten with the last of them.
 */
const SCHEMA = `
  CREATE TABLE service (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE operation (
    id INTEGER PRIMARY KEY, service INTEGER NOT NULL, name TEXT NOT NULL, kind INTEGER NOT NULL,
    spans INTEGER NOT NULL DEFAULT 0, UNIQUE (service, name, kind)
  );
  CREATE INDEX operation_unused ON operation (id) WHERE spans = 0;
  CREATE TABLE origin (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, service INTEGER NOT NULL, scope_name TEXT NOT NULL,
    scope_version TEXT NOT NULL, attributes TEXT NOT NULL, spans INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX origin_unused ON origin (id) WHERE spans = 0;
  CREATE TABLE trace (
    num INTEGER PRIMARY KEY, trace_id BLOB NOT NULL UNIQUE, arrived_ms INTEGER NOT NULL, start_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL, spans INTEGER NOT NULL, errors INTEGER NOT NULL, root_operation INTEGER NOT NULL,
    root_rank INTEGER NOT NULL, root_start_us INTEGER NOT NULL
  );
  CREATE INDEX trace_start ON trace (start_us);
  CREATE TABLE trace_service (
    trace INTEGER NOT NULL, service INTEGER NOT NULL, spans INTEGER NOT NULL, errors INTEGER NOT NULL,
    PRIMARY KEY (trace, service)
  ) WITHOUT ROWID;
  CREATE TABLE span (
    id INTEGER PRIMARY KEY, trace INTEGER NOT NULL, span_id BLOB NOT NULL, parent_id BLOB, service INTEGER NOT NULL,
    operation INTEGER NOT NULL, origin INTEGER NOT NULL, start_us INTEGER NOT NULL, duration_ns INTEGER NOT NULL,
    error INTEGER NOT NULL, sig0 INTEGER NOT NULL, sig1 INTEGER NOT NULL, sig2 INTEGER NOT NULL, sig3 INTEGER NOT NULL,
    detail TEXT NOT NULL
  );
  CREATE UNIQUE INDEX span_trace ON span (trace, span_id);
  CREATE INDEX span_service ON span (service, start_us, duration_ns, origin, trace, sig0, sig1, sig2, sig3);
  CREATE INDEX span_operation ON span (operation, start_us, duration_ns, origin, trace, sig0, sig1, sig2, sig3);
  CREATE INDEX span_error ON span (service, start_us, operation) WHERE error = 1;
`;

/** Creates the tables in a new file. Throws `AisError` when the file was written by a later version. */
export function prepareSchema(db: Database): void {
  const version = readNumber(db, "PRAGMA user_version");
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) {
    throw new AisError(
      "unsupported",
      `cannot open "${db.filename}": its schema version is ${version}, this program knows ${SCHEMA_VERSION}`,
    );
  }
  db.transaction(() => {
    db.run(SCHEMA);
    db.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  })();
}

/** The single number that `sql` gives. */
export function readNumber(db: Database, sql: string): number {
  const [value] = db.query<Record<string, number>, []>(sql).values()[0] ?? [];
  return typeof value === "number" ? value : 0;
}
