import { TransportError } from "./transport-error.ts";

const LINE_MAX_BYTES = 4096;
const LF = 0x0a;

/** The chunked transfer coding (RFC 9112, 7.1), piece by piece as it arrives. */
export class ChunkedDecoder {
  #state: "size" | "data" | "data-end" | "trailer" = "size";
  #chunkLeftBytes = 0;
  /** What has arrived of a line whose end has not. */
  #line = "";

  /** Gives the body's bytes to `emit`. Returns how many of `bytes` belong to the body when it has ended, else -1. */
  decode(bytes: Buffer, emit: (bytes: Uint8Array) => void): number {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, offset + this.#chunkLeftBytes);
        emit(bytes.subarray(offset, end));
        this.#chunkLeftBytes -= end - offset;
        offset = end;
        if (this.#chunkLeftBytes === 0) this.#state = "data-end";
        continue;
      }
      const lineEnd = bytes.indexOf(LF, offset);
      this.#line += bytes.toString("latin1", offset, lineEnd < 0 ? bytes.length : lineEnd);
      if (this.#line.length > LINE_MAX_BYTES) throw new TransportError("protocol", "chunk line is too long");
      if (lineEnd < 0) return -1;
      offset = lineEnd + 1;
      const line = this.#line.trimEnd();
      this.#line = "";
      if (this.#endOfLine(line)) return offset;
    }
    return -1;
  }

  /** True when the line ends the body. */
  #endOfLine(line: string): boolean {
    if (this.#state === "trailer") return line === "";
    if (this.#state === "data-end") {
      if (line !== "") throw new TransportError("protocol", "chunk is longer than its size says");
      this.#state = "size";
      return false;
    }
    const size = /^([0-9a-fA-F]{1,12})(?:[ \t]*;.*)?$/.exec(line)?.[1];
    if (size === undefined) throw new TransportError("protocol", `invalid chunk size "${line.slice(0, 20)}"`);
    this.#chunkLeftBytes = Number.parseInt(size, 16);
    this.#state = this.#chunkLeftBytes === 0 ? "trailer" : "data";
    return false;
  }
}
