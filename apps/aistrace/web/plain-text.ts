/** What is not seen itself and changes what is: control characters, and those that turn the direction of text around. */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const BLANKS = new Set(["\n", "\t", "\r"]);

/** Text from a span as it can be shown: a name that is written backwards to look like another one is seen to be. */
export function plain(text: string): string {
  return text.replace(UNSEEN, (character) =>
    BLANKS.has(character) ? character : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
