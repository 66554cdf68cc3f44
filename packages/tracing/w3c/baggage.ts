/** Limits that W3C Baggage asks every platform to carry; what is over them is not carried. */
const MAX_MEMBERS = 64;
const MAX_BYTES = 8192;

/** token "=" value, properties after ";" (W3C Baggage 3.2). Values are percent-encoded, so ASCII only. */
const KEY = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[!#-+\--:<-[\]-~]*$/;
const PROPERTY = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*=[ \t]*[!#-+\--:<-[\]-~]*)?$/;

/**
 * The `baggage` header to send on: the valid members of the incoming one, whole members only, at most 64 and 8192 bytes.
 * Empty when nothing is left. Baggage is never decoded here: the system carries it and does not read it.
 */
export function normaliseBaggage(text: string): string {
  if (text === "") return "";
  const kept: string[] = [];
  let bytes = 0;
  for (const item of text.split(",")) {
    const member = item.replace(/^[ \t]+|[ \t]+$/g, "");
    if (!isMember(member)) continue;
    const memberBytes = member.length + (kept.length > 0 ? 1 : 0);
    if (kept.length === MAX_MEMBERS || bytes + memberBytes > MAX_BYTES) break;
    kept.push(member);
    bytes += memberBytes;
  }
  return kept.join(",");
}

function isMember(member: string): boolean {
  const [pair = "", ...properties] = member.split(";");
  const equals = pair.indexOf("=");
  if (equals < 1 || !KEY.test(pair.slice(0, equals).trim()) || !VALUE.test(pair.slice(equals + 1).trim()))
    return false;
  return properties.every((property) => PROPERTY.test(property.trim()));
}
