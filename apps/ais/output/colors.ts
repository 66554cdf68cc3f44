/** ANSI styles, or plain text where there is no terminal to show them. */
export interface Colors {
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  cyan(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
  /** One of `PALETTE_SIZE` distinct hues; any integer is taken. */
  hue(index: number, text: string): string;
}

// 256-colour codes that read on dark and on light backgrounds and never look like an error.
const PALETTE = [39, 208, 77, 171, 43, 178, 105, 36] as const;
export const PALETTE_SIZE = PALETTE.length;

export function makeColors(enabled: boolean): Colors {
  const style = (open: string, close: number) => (text: string) =>
    enabled && text !== "" ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    red: style("91", 39),
    green: style("92", 39),
    yellow: style("93", 39),
    blue: style("94", 39),
    cyan: style("96", 39),
    bold: style("1", 22),
    dim: style("2", 22),
    hue: (index, text) => style(`38;5;${PALETTE[Math.abs(index) % PALETTE.length]}`, 39)(text),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ANSI sequences begin with the escape character.
const ANSI_SEQUENCE = /\x1b\[[0-9;]*m/g;

/** Columns that a text takes on a terminal, styles not counted. */
export function visibleWidth(text: string): number {
  return [...text.replace(ANSI_SEQUENCE, "")].length;
}

export function padVisible(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - visibleWidth(text)));
}

/** Cuts plain text to a width, the last column being an ellipsis. */
export function truncate(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width <= 0 ? "" : `${characters.slice(0, width - 1).join("")}…`;
}
