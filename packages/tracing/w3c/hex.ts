const BYTE_HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function byteHex(byte: number): string {
  return BYTE_HEX[byte & 0xff] as string;
}

/** Eight lower-case hex digits of 32 bits. */
export function wordHex(word: number): string {
  return byteHex(word >>> 24) + byteHex(word >>> 16) + byteHex(word >>> 8) + byteHex(word);
}

/** The 32 bits written as eight hex digits at `at`; the digits were checked before. */
export function hexWord(hex: string, at: number): number {
  let word = 0;
  for (let i = at; i < at + 8; i++) {
    const code = hex.charCodeAt(i);
    word = (word << 4) | (code < 58 ? code - 48 : code - 87);
  }
  return word >>> 0;
}
