/** Text in header values. Go writes and reads the bytes of UTF-8 there; servers show each byte as one character. */

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The text that a client put into a header; the value itself when its bytes are no UTF-8. */
export function decodeHeaderText(value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return value;
  try {
    return decoder.decode(Buffer.from(value, "latin1"));
  } catch {
    return value;
  }
}

/** A header value that carries `text`. Characters that would end the line become spaces. */
export function encodeHeaderText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return Buffer.from(text, "utf8")
    .toString("latin1")
    .replace(/[\r\n\0]/g, " ");
}
