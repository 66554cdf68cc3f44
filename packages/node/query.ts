import { AisError } from "@ais/base/errors.ts";
import { isTrueText, QUERY } from "@ais/wire/queries.ts";
import type { Query } from "./call.ts";

/** Items that carry trace context over a redirect; handlers, logs and object names never see them (tracing.md 3). */
const TRACE_ITEMS: ReadonlySet<string> = new Set([QUERY.traceparent, QUERY.tracestate, QUERY.traceSignature]);
/** Other names need not be put into lower case to see that they are no trace items. */
const TRACE_ITEM = /^t/i;

type Item = readonly [name: string, value: string];

/** A request's query. Few items: going through a list costs less than a map does. */
export class ParsedQuery implements Query {
  readonly #items: Item[] = [];
  readonly #trace: Item[] = [];

  constructor(rawQuery: string) {
    for (let at = 0; at < rawQuery.length; ) {
      const ampersand = rawQuery.indexOf("&", at);
      const end = ampersand < 0 ? rawQuery.length : ampersand;
      if (end > at) this.#add(rawQuery, at, end);
      at = end + 1;
    }
  }

  get(name: string): string | null {
    return firstValue(this.#items, name);
  }

  flag(name: string): boolean {
    return isTrueText(this.get(name));
  }

  entries(): Iterable<readonly [string, string]> {
    const first = new Map<string, string>();
    for (const [name, value] of this.#items) if (!first.has(name)) first.set(name, value);
    return first;
  }

  /** For the trace stage only. */
  traceItem(name: string): string | null {
    return firstValue(this.#trace, name);
  }

  #add(rawQuery: string, start: number, end: number): void {
    const equals = rawQuery.indexOf("=", start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    const name = decodeQueryText(rawQuery.slice(start, nameEnd));
    const value = nameEnd === end ? "" : decodeQueryText(rawQuery.slice(nameEnd + 1, end));
    const isTrace = TRACE_ITEM.test(name) && TRACE_ITEMS.has(name.toLowerCase());
    (isTrace ? this.#trace : this.#items).push([name, value]);
  }
}

function firstValue(items: readonly Item[], name: string): string | null {
  for (const item of items) if (item[0] === name) return item[1];
  return null;
}

function decodeQueryText(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw new AisError("badRequest", `invalid escape in query item "${text}"`, { cause });
  }
}
