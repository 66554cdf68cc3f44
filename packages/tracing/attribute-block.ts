import type { Attributes, AttributeValue } from "./types.ts";

/**
 * Attributes that many spans have in common. A span takes them with `Span.add`, and the recorder encodes them once and
 * copies the bytes from then on: setting a dozen one by one costs a microsecond, copying them a tenth of that.
 */
export class AttributeBlock {
  readonly attributes: Attributes;
  readonly count: number;
  /** Of keys and values together. */
  readonly chars: number;
  readonly longestValueChars: number;
  /** The encoder's, made when the first span with this block ends. */
  encoded: Uint8Array | null = null;

  /** Keys are our own, so short ones; values are single texts, numbers and booleans. */
  constructor(attributes: Readonly<Record<string, Exclude<AttributeValue, readonly unknown[]>>>) {
    this.attributes = attributes;
    let count = 0;
    let chars = 0;
    let longestValueChars = 0;
    for (const key in attributes) {
      const value = attributes[key];
      // As the recorder counts: numbers and flags are eight characters.
      const valueChars = typeof value === "string" ? value.length : 8;
      count++;
      chars += key.length + valueChars;
      longestValueChars = Math.max(longestValueChars, valueChars);
    }
    this.count = count;
    this.chars = chars;
    this.longestValueChars = longestValueChars;
  }
}
