import type { TraceState } from "@opentelemetry/api";

/** Limits of W3C Trace Context 3.3. */
const MAX_MEMBERS = 32;
const MAX_CHARS = 512;
/** Members longer than this go first when the whole is too long (3.3.1.5). */
const LONG_MEMBER_CHARS = 128;

/** As level 2 has it: at signs are characters like others, where level 1 has one between tenant and vendor. */
const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
/** Printable ASCII without comma and equals sign; it may not end in a space. */
const VALUE = /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/**
 * The list as it is to be sent on: members without optional space or empty items, in their order. Empty when the text is
 * absent or breaks a rule (bad key or value, more than 32 members): a broken list is not passed on. Of a repeated key the
 * first member stays, which is the latest.
 */
export function normaliseTraceState(text: string | null): string {
  if (text === null || text === "") return "";
  const keys = new Set<string>();
  const members: string[] = [];
  for (const item of text.split(",")) {
    const member = item.replace(/^[ \t]+|[ \t]+$/g, "");
    if (member === "") continue;
    const equals = member.indexOf("=");
    const key = member.slice(0, Math.max(equals, 0));
    if (!KEY.test(key) || !VALUE.test(member.slice(equals + 1))) return "";
    if (keys.has(key)) continue;
    keys.add(key);
    members.push(member);
    if (members.length > MAX_MEMBERS) return "";
  }
  return shorten(members);
}

/** Whole members are dropped, never parts: the long ones from the end, then the rest from the end. */
function shorten(members: string[]): string {
  let joined = members.join(",");
  for (let i = members.length - 1; i >= 0 && joined.length > MAX_CHARS; i--) {
    if ((members[i] ?? "").length <= LONG_MEMBER_CHARS) continue;
    members.splice(i, 1);
    joined = members.join(",");
  }
  while (joined.length > MAX_CHARS) {
    members.pop();
    joined = members.join(",");
  }
  return joined;
}

/** A normalised list behind the OpenTelemetry interface. */
export class CarriedTraceState implements TraceState {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get(key: string): string | undefined {
    for (const member of this.#members()) {
      if (member.startsWith(`${key}=`)) return member.slice(key.length + 1);
    }
    return undefined;
  }

  /** A changed member comes first (W3C Trace Context 3.5). */
  set(key: string, value: string): TraceState {
    const rest = this.#members().filter((member) => !member.startsWith(`${key}=`));
    return new CarriedTraceState(normaliseTraceState([`${key}=${value}`, ...rest].join(",")));
  }

  unset(key: string): TraceState {
    return new CarriedTraceState(
      this.#members()
        .filter((member) => !member.startsWith(`${key}=`))
        .join(","),
    );
  }

  serialize(): string {
    return this.#text;
  }

  #members(): string[] {
    return this.#text === "" ? [] : this.#text.split(",");
  }
}
