import { AisError } from "@ais/base/errors.ts";
import type { Query } from "./call.ts";

/** Items that carry trace context over a redirect; handlers, logs and object names never see them (tracing.md 3). */
const TRACE_ITEMS: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);
const TRUE_SPELLINGS: ReadonlySet<string> = new Set(["1", "t", "true", "y", "yes", "on"]);

/** A request's query, parsed when it is first asked. */
export class ParsedQuery implements Query {
  readonly #items: ReadonlyMap<string, string>;
  readonly #trace: ReadonlyMap<string, string>;

  constructor(rawQuery: string) {
    const items = new Map<string, string>();
    const trace = new Map<string, string>();
    for (const part of rawQuery.length === 0 ? [] : rawQuery.split("&")) {
      if (part.length === 0) continue;
      const equals = part.indexOf("=");
      const name = decodeQueryText(equals < 0 ? part : part.slice(0, equals));
      const value = equals < 0 ? "" : decodeQueryText(part.slice(equals + 1));
      const map = TRACE_ITEMS.has(name) ? trace : items;
      if (!map.has(name)) map.set(name, value);
    }
    this.#items = items;
    this.#trace = trace;
  }

  get(name: string): string | null {
    return this.#items.get(name) ?? null;
  }

  flag(name: string): boolean {
    const value = this.#items.get(name);
    return value !== undefined && TRUE_SPELLINGS.has(value.toLowerCase());
  }

  entries(): Iterable<readonly [string, string]> {
    return this.#items;
  }

  /** For the trace stage only. */
  traceItem(name: string): string | null {
    return this.#trace.get(name) ?? null;
  }
}

/** `rawQuery` without the items that carry trace context, otherwise byte for byte as it came. */
export function withoutTraceItems(rawQuery: string): string {
  if (!rawQuery.includes("trace")) return rawQuery;
  const kept = rawQuery.split("&").filter((part) => {
    const equals = part.indexOf("=");
    return !TRACE_ITEMS.has(equals < 0 ? part : part.slice(0, equals));
  });
  return kept.join("&");
}

function decodeQueryText(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw new AisError("badRequest", `invalid escape in query item "${text}"`, { cause });
  }
}
