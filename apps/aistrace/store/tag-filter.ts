import type { Database } from "bun:sqlite";
import { SignatureBuilder } from "./signature.ts";
import { type StoredAttributes, valueText } from "./values.ts";

/** A tag that a span or its resource must have. */
export interface TagFilter {
  readonly key: string;
  matches(value: string): boolean;
  /** What every span that has the tag fulfils; not all that fulfil it have it. */
  readonly condition: { readonly sql: string; readonly parameters: readonly string[] };
  /** Resources that have the tag. */
  readonly origins: ReadonlySet<number>;
}

/** The names of a reply's status: today's conventions', and the one before it. */
export const STATUS_KEYS: ReadonlySet<string> = new Set(["http.response.status_code", "http.status_code"]);

interface OriginRow {
  readonly id: number;
  readonly attributes: string;
}

/** `value` is the whole text of the tag, or of a reply's status its class, such as `4xx`. */
export function tagFilter(db: Database, key: string, value: string): TagFilter {
  const digit = STATUS_KEYS.has(key) ? /^([1-5])xx$/i.exec(value)?.[1] : undefined;
  if (digit !== undefined) return statusFilter(key, digit);
  const origins = db.query<OriginRow, []>("SELECT id, attributes FROM origin").all();
  const matching = origins.filter(({ attributes }) => hasAttribute(JSON.parse(attributes), key, value));
  return {
    key,
    matches: (found) => found === value,
    condition: { sql: signatureSql(key, value), parameters: [] },
    origins: new Set(matching.map(({ id }) => id)),
  };
}

/** Signatures know values and no classes of them, so the text of the span is looked at. */
function statusFilter(key: string, digit: string): TagFilter {
  const name = key.replaceAll("_", "\\_");
  return {
    key,
    matches: (found) => found.length === 3 && found.startsWith(digit),
    condition: {
      sql: "(detail LIKE ? ESCAPE '\\' OR detail LIKE ? ESCAPE '\\')",
      parameters: [`%"${name}",${digit}__]%`, `%"${name}","${digit}__"%`],
    },
    origins: new Set(),
  };
}

function signatureSql(key: string, value: string): string {
  const builder = new SignatureBuilder();
  builder.add(key, value);
  return builder
    .words()
    .flatMap((word, i) => (word === 0 ? [] : [`sig${i} & ${word} = ${word}`]))
    .join(" AND ");
}

function hasAttribute(attributes: StoredAttributes, key: string, value: string): boolean {
  return attributes.some(([name, stored]) => name === key && valueText(stored) === value);
}
