import { AisError } from "@ais/base/errors.ts";
import { isTrueText } from "@ais/wire/queries.ts";
import type { Query } from "./call.ts";

/** Items that carry trace context over a redirect; handlers, logs and object names never see them (tracing.md 3). */
const TRACE_ITEMS: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);

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
      const map = TRACE_ITEMS.has(name.toLowerCase()) ? trace : items;
      if (!map.has(name)) map.set(name, value);
    }
    this.#items = items;
    this.#trace = trace;
  }

  get(name: string): string | null {
    return this.#items.get(name) ?? null;
  }

  flag(name: string): boolean {
    return isTrueText(this.get(name));
  }

  entries(): Iterable<readonly [string, string]> {
    return this.#items;
  }

  /** For the trace stage only. */
  traceItem(name: string): string | null {
    return this.#trace.get(name) ?? null;
  }
}

function decodeQueryText(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw new AisError("badRequest", `invalid escape in query item "${text}"`, { cause });
  }
}
