import type { Database, Statement } from "bun:sqlite";
import { createHash } from "node:crypto";
import { must } from "@ais/base/assert.ts";
import type { OtlpAttributes } from "@ais/tracing/otlp/types.ts";
import { storeAttributes, valueText } from "./values.ts";

/** What OpenTelemetry's resource specification calls a program that does not give its name. */
export const UNKNOWN_SERVICE = "unknown_service";

export interface Origin {
  readonly id: number;
  readonly service: number;
}

interface IdRow {
  readonly id: number;
}

const MAX_CACHED = 20_000;
/** Of a resource's attributes, with the name and version of the library. */
export const MAX_ORIGIN_BYTES = 1024 * 1024;
export const MAX_SERVICE_NAME_CHARS = 1024;

/** Names to the small numbers that stand for them in spans. Used by the one writer, inside its transaction. */
export class Dictionary {
  readonly #services = new Map<string, number>();
  readonly #operations = new Map<string, number>();
  readonly #origins = new Map<string, Origin>();
  readonly #service: Statement<IdRow, [string]>;
  readonly #operation: Statement<IdRow, [number, string, number]>;
  readonly #origin: Statement<IdRow, [Uint8Array, number, string, string, string]>;

  constructor(db: Database) {
    // The update that changes nothing makes RETURNING give the row that was there.
    this.#service = db.prepare(
      "INSERT INTO service (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
    );
    this.#operation = db.prepare(
      `INSERT INTO operation (service, name, kind) VALUES (?, ?, ?)
       ON CONFLICT (service, name, kind) DO UPDATE SET name = name RETURNING id`,
    );
    this.#origin = db.prepare(
      `INSERT INTO origin (digest, service, scope_name, scope_version, attributes) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET service = service RETURNING id`,
    );
  }

  operation(service: number, name: string, kind: number): number {
    const key = `${service} ${kind} ${name}`;
    const cached = this.#operations.get(key);
    if (cached !== undefined) return cached;
    const { id } = must(this.#operation.get(service, name, kind), "an upsert returns its row");
    if (this.#operations.size >= MAX_CACHED) this.#operations.clear();
    this.#operations.set(key, id);
    return id;
  }

  /** Resource and scope together: what all spans of one program's one library share. Or the reason why it is refused. */
  origin(resource: OtlpAttributes, scopeName: string, scopeVersion: string): Origin | string {
    const attributes = storeAttributes(resource);
    const whole = JSON.stringify([attributes, scopeName, scopeVersion]);
    if (whole.length > MAX_ORIGIN_BYTES) {
      return `the resource and its library have ${whole.length} bytes, the limit is ${MAX_ORIGIN_BYTES}`;
    }
    const digest = createHash("sha256").update(whole).digest();
    const key = digest.toString("base64");
    const cached = this.#origins.get(key);
    if (cached !== undefined) return cached;
    const name = attributes.find(([attribute]) => attribute === "service.name")?.[1];
    const serviceName = (name === undefined ? "" : valueText(name)).slice(0, MAX_SERVICE_NAME_CHARS);
    const service = this.#serviceId(serviceName || UNKNOWN_SERVICE);
    const text = JSON.stringify(attributes);
    const row = must(
      this.#origin.get(digest, service, scopeName, scopeVersion, text),
      "an upsert returns its row",
    );
    const origin = { id: row.id, service };
    if (this.#origins.size >= MAX_CACHED) this.#origins.clear();
    this.#origins.set(key, origin);
    return origin;
  }

  /** Forgets every id: after a rollback, and after rows were removed. */
  forget(): void {
    this.#services.clear();
    this.#operations.clear();
    this.#origins.clear();
  }

  #serviceId(name: string): number {
    const cached = this.#services.get(name);
    if (cached !== undefined) return cached;
    const { id } = must(this.#service.get(name), "an upsert returns its row");
    if (this.#services.size >= MAX_CACHED) this.#services.clear();
    this.#services.set(name, id);
    return id;
  }
}
