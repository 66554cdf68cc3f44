import { open } from "node:fs/promises";
import { AisError, errorText } from "@ais/base/errors.ts";

/** Longest the file may be: a token travels in every call's headers. */
const MAX_TOKEN_BYTES = 16 * 1024;
const READ_INTERVAL_MS = 1_000;

/**
 * A token kept in a file that others replace (a mounted secret). Read when it is needed, at most once a second: the content
 * decides, since secrets are also swapped without a new size or time.
 */
export class TokenFile {
  readonly #path: string;
  readonly #nowMs: () => number;
  #readMs = Number.NEGATIVE_INFINITY;
  #token = "";

  constructor(path: string, nowMs: () => number = () => performance.now()) {
    this.#path = path;
    this.#nowMs = nowMs;
  }

  /** Throws `unavailable` while the file is absent, empty or no token; the last good one is not used then. */
  async token(): Promise<string> {
    const nowMs = this.#nowMs();
    if (this.#token !== "" && nowMs - this.#readMs < READ_INTERVAL_MS) return this.#token;
    this.#readMs = nowMs;
    try {
      this.#token = await readToken(this.#path);
      return this.#token;
    } catch (error) {
      this.#token = "";
      const message = `failed to read tracing token file "${this.#path}": ${errorText(error)}`;
      throw new AisError("unavailable", message, { cause: error });
    }
  }
}

/** A header value is printable ASCII; the error does not quote the token. */
async function readToken(path: string): Promise<string> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(MAX_TOKEN_BYTES + 1) });
  if (bytesRead > MAX_TOKEN_BYTES) throw new RangeError(`it is longer than ${MAX_TOKEN_BYTES} bytes`);
  const token = buffer.toString("utf8", 0, bytesRead).trim();
  if (!/^[ -~]+$/.test(token)) throw new TypeError("it holds no token of printable characters");
  return token;
}
