/** What names from a cluster may do to a terminal: nothing. */

/** Our own sequences: the styles of colors.ts, none of which hides anything, and clearing the rest of a line. */
const OWN_SEQUENCE = String.raw`\x1b\[(?:(?:1|2|22|39|9[1-6]|38;5;\d{1,3})m|K)`;
/** Controls but tab, newline and carriage return, and the marks that turn the direction of text. */
const DANGEROUS = String.raw`[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]`;
const OWN_OR_DANGEROUS = new RegExp(`${OWN_SEQUENCE}|${DANGEROUS}`, "g");

/** The text with control characters as JSON writes them (`\u001b`), but for the styles of this program. */
export function terminalText(text: string): string {
  return text.replace(OWN_OR_DANGEROUS, (found) => (found.length > 1 ? found : escaped(found)));
}

/** A cell is one line, whatever is in it. */
export function cellText(text: string): string {
  return text.replace(/[\t\n\r]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
