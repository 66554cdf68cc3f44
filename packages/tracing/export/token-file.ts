import { readFile, stat } from "node:fs/promises";
import { AisError, errorText } from "@ais/base/errors.ts";

/** Longest the file may be: a token travels in every call's headers. */
const MAX_TOKEN_BYTES = 16 * 1024;
const CHECK_INTERVAL_MS = 1_000;

/**
 * A token kept in a file that others replace (a mounted secret). Looked at again at most once a second, when it is needed;
 * read again when its inode, size or modification time differ.
 */
export class TokenFile {
  readonly #path: string;
  readonly #nowMs: () => number;
  #checkedMs = Number.NEGATIVE_INFINITY;
  #version = "";
  #token = "";

  constructor(path: string, nowMs: () => number = () => performance.now()) {
    this.#path = path;
    this.#nowMs = nowMs;
  }

  /** Throws `unavailable` while the file is absent, empty or no token; the last good one is not used then. */
  async token(): Promise<string> {
    const nowMs = this.#nowMs();
    if (nowMs - this.#checkedMs < CHECK_INTERVAL_MS && this.#token !== "") return this.#token;
    this.#checkedMs = nowMs;
    try {
      const { ino, size, mtimeMs } = await stat(this.#path);
      const version = `${ino} ${size} ${mtimeMs}`;
      if (version !== this.#version || this.#token === "") {
        this.#token = checked(size > MAX_TOKEN_BYTES ? "" : (await readFile(this.#path, "utf8")).trim());
        this.#version = version;
      }
      return this.#token;
    } catch (error) {
      this.#token = "";
      const message = `failed to read tracing token file "${this.#path}": ${errorText(error)}`;
      throw new AisError("unavailable", message, { cause: error });
    }
  }
}

/** A header value is printable ASCII; the error does not quote the token. */
function checked(token: string): string {
  if (!/^[ -~]+$/.test(token)) throw new AisError("unavailable", "it holds no token of printable characters");
  return token;
}
