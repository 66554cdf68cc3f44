import { AisError } from "@ais/base/errors.ts";
import { isTrueText, QUERY } from "@ais/wire/queries.ts";
import type { Query } from "./call.ts";

/** Items that carry trace context over a redirect; handlers, logs and object names never see them (tracing.md 3). */
const TRACE_ITEMS: ReadonlySet<string> = new Set([QUERY.traceparent, QUERY.tracestate, QUERY.traceSignature]);
/** With this letter, in any case, they all begin: other names need not be put into lower case. */
const LETTER_T = 0x74;
const LOWER_CASE = 0x20;
const PERCENT = 0x25;
/** By their length. */
const COMMON_NAMES: readonly (readonly string[] | undefined)[] = byLength([
  QUERY.proxyId,
  QUERY.unixTime,
  QUERY.bmdVersion,
  QUERY.smapVersion,
  QUERY.provider,
  QUERY.traceparent,
]);

/** Names and values in turn: an array for each item would cost as much again. */
type Items = string[];

const NO_ITEMS: Items = [];

/** A request's query. Few items: going through a list costs less than a map does. */
export class ParsedQuery implements Query {
  #items: Items = NO_ITEMS;
  #trace: Items = NO_ITEMS;

  constructor(rawQuery: string) {
    // Asked once: a redirect's own items hold no escapes, and asking for each costs as much as taking them apart.
    const decode = rawQuery.includes("%") || rawQuery.includes("+") ? decodeQueryText : asItIs;
    for (let at = 0; at < rawQuery.length; ) {
      const ampersand = rawQuery.indexOf("&", at);
      const end = ampersand < 0 ? rawQuery.length : ampersand;
      if (end > at) this.#add(rawQuery, at, end, decode);
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
    const items = this.#items;
    for (let at = 0; at < items.length; at += 2) {
      const name = items[at] as string;
      if (!first.has(name)) first.set(name, items[at + 1] as string);
    }
    return first;
  }

  /** For the trace stage only. */
  traceItem(name: string): string | null {
    return firstValue(this.#trace, name);
  }

  #add(rawQuery: string, start: number, end: number, decode: (text: string) => string): void {
    const equals = rawQuery.indexOf("=", start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    const name = commonName(rawQuery, start, nameEnd) ?? decode(rawQuery.slice(start, nameEnd));
    const value = nameEnd === end ? "" : decode(rawQuery.slice(nameEnd + 1, end));
    if (mayBeTrace(rawQuery.charCodeAt(start)) && TRACE_ITEMS.has(name.toLowerCase()))
      this.#trace = withItem(this.#trace, name, value);
    else this.#items = withItem(this.#items, name, value);
  }
}

/**
 * The text of a name that every redirect carries, null for others: a piece of the query would take memory of its own as soon as
 * it is compared.
 */
function commonName(rawQuery: string, start: number, end: number): string | null {
  const names = COMMON_NAMES[end - start];
  if (names === undefined) return null;
  for (const name of names) if (rawQuery.startsWith(name, start)) return name;
  return null;
}

/** Names may be escaped. */
function mayBeTrace(firstCode: number): boolean {
  return (firstCode | LOWER_CASE) === LETTER_T || firstCode === PERCENT;
}

function withItem(items: Items, name: string, value: string): Items {
  if (items === NO_ITEMS) return [name, value];
  items.push(name, value);
  return items;
}

function firstValue(items: Items, name: string): string | null {
  for (let at = 0; at < items.length; at += 2) if (items[at] === name) return items[at + 1] as string;
  return null;
}

function asItIs(text: string): string {
  return text;
}

function decodeQueryText(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw new AisError("badRequest", `invalid escape in query item "${text}"`, { cause });
  }
}

function byLength(names: readonly string[]): (readonly string[] | undefined)[] {
  const lists: string[][] = [];
  for (const name of names) {
    lists[name.length] ??= [];
    lists[name.length]?.push(name);
  }
  return lists;
}
