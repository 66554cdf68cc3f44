import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity } from "node:tls";
import { gunzipSync, gzipSync } from "node:zlib";
import { errorText } from "@ais/base/errors.ts";
import { bracketed, type Destination } from "./destination.ts";
import { type GrpcStatus, lostStatus, statusOf, unavailable } from "./grpc-status.ts";
import { ClientConnection } from "./http2/client-connection.ts";
import { REPLY_MAX_BYTES, StreamError, type StreamReply } from "./http2/client-stream.ts";
import type { HeaderPair } from "./http2/hpack.ts";

const PREFIX_BYTES = 5;
const IS_COMPRESSED = 1;
/** A TLS server name must be a name. The certificate is still checked against the address itself. */
const NAME_FOR_ADDRESSES = "localhost";
const NO_BYTES = Buffer.alloc(0);

export interface UnaryReply {
  readonly status: GrpcStatus;
  /** The message; empty where there was none. */
  readonly message: Uint8Array;
}

/** Unary calls to one destination, over one connection that is made when a call needs it. */
export class GrpcChannel {
  readonly #destination: Destination;
  readonly #tls: boolean;
  #connection: Promise<ClientConnection> | null = null;

  constructor(destination: Destination, tls: boolean) {
    this.#destination = destination;
    this.#tls = tls;
  }

  /** `parts` together are the message; they stay as they are until the reply is there. Rejects when a file cannot be read. */
  async call(
    path: string,
    metadata: readonly HeaderPair[],
    parts: readonly Uint8Array[],
  ): Promise<UnaryReply> {
    const { host, port, gzip, timeoutMs } = this.#destination;
    const tls = this.#tls ? await tlsOptions(this.#destination) : null;
    let connection: ClientConnection;
    try {
      connection = await this.#connected(tls);
    } catch (error) {
      return { status: unavailable(errorText(error)), message: NO_BYTES };
    }
    const headers: HeaderPair[] = [
      [":method", "POST"],
      [":scheme", this.#tls ? "https" : "http"],
      [":path", path],
      [":authority", `${bracketed(host)}:${port}`],
      ["te", "trailers"],
      ["content-type", "application/grpc"],
      ["grpc-timeout", `${timeoutMs}m`],
      ["grpc-accept-encoding", "identity,gzip"],
      ...(gzip ? [["grpc-encoding", "gzip"] as const] : []),
      ...metadata,
    ];
    try {
      const reply = await connection.request(headers, framed(parts, gzip), timeoutMs);
      return { status: statusOf(reply), message: messageOf(reply) };
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      return { status: lostStatus(error), message: NO_BYTES };
    }
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.then(
      (connected) => connected.close(),
      // A connection that never came to be has nothing to close; who asked for it was told.
      () => {},
    );
  }

  async #connected(tls: ConnectionOptions | null): Promise<ClientConnection> {
    const known = this.#connection;
    if (known !== null) {
      const connection = await known.catch(() => null);
      if (connection?.isUsable) return connection;
      // Another call may have seen to it meanwhile.
      if (this.#connection === known) this.#connection = null;
    }
    const { host, port, timeoutMs } = this.#destination;
    this.#connection ??= ClientConnection.connect({ host, port, tls, timeoutMs });
    return this.#connection;
  }
}

/** gRPC's prefix of a message: whether it is compressed, and its length. */
function framed(parts: readonly Uint8Array[], gzip: boolean): readonly Uint8Array[] {
  const message = gzip ? [gzipSync(Buffer.concat(parts))] : parts;
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix[0] = gzip ? IS_COMPRESSED : 0;
  prefix.writeUInt32BE(
    message.reduce((sum, { length }) => sum + length, 0),
    1,
  );
  return [prefix, ...message];
}

/** Collectors written in Go pack their answers as the request was, whatever is said to be taken. */
function messageOf({ headers, body }: StreamReply): Uint8Array {
  if (body.length < PREFIX_BYTES) return NO_BYTES;
  const message = body.subarray(PREFIX_BYTES, PREFIX_BYTES + body.readUInt32BE(1));
  if (body[0] !== IS_COMPRESSED || headers.get("grpc-encoding") !== "gzip") return message;
  try {
    return gunzipSync(message, { maxOutputLength: REPLY_MAX_BYTES });
  } catch {
    // The status says what became of the spans; whoever reads the message finds that it is none.
    return message;
  }
}

async function tlsOptions(destination: Destination): Promise<ConnectionOptions> {
  const { host, caFile, certFile, keyFile, verify } = destination;
  const [ca, cert, key] = await Promise.all([pem(caFile), pem(certFile), pem(keyFile)]);
  return {
    rejectUnauthorized: verify,
    ...(isIP(host) === 0
      ? { servername: host }
      : {
          servername: NAME_FOR_ADDRESSES,
          checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
        }),
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
}

async function pem(path: string): Promise<Buffer | null> {
  return path === "" ? null : readFile(path);
}
