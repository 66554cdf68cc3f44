/** Search tags as people write them: `key=value other="with blanks"`. Null where they are not, or ask for two values of one. */
export function parseTagText(text: string): Map<string, string> | null {
  const tags = new Map<string, string>();
  const term = /\s*([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))\s*/y;
  while (term.lastIndex < text.length) {
    const match = term.exec(text);
    if (match === null) return text.trim() === "" ? tags : null;
    const [, key = "", quoted, plain = ""] = match;
    if (tags.has(key)) return null;
    tags.set(key, quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1"));
  }
  return tags;
}

export function formatTagText(tags: ReadonlyMap<string, string>): string {
  return [...tags]
    .map(([key, value]) =>
      /[\s"\\]|^$/.test(value) ? `${key}="${value.replace(/["\\]/g, "\\$&")}"` : `${key}=${value}`,
    )
    .join(" ");
}
