import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { type ChannelCredentials, type ChannelOptions, Client, credentials } from "@grpc/grpc-js";
import { bracketed, type Destination } from "./destination.ts";

/** gRPC's own number for gzip in `grpc.default_compression_algorithm`. */
const GZIP = 2;
/** The channel tries to connect again about as often as our back-off asks, not up to every two minutes. */
const RECONNECT_MIN_MS = 200;
const RECONNECT_MAX_MS = 2_000;
/** A TLS server name must be a name. The certificate is still checked against the address itself. */
const NAME_FOR_ADDRESSES = "localhost";

/** A client for the destination. Rejects when a certificate file cannot be read or is no certificate. */
export async function connectGrpc(destination: Destination, tls: boolean): Promise<Client> {
  const { host, port, gzip } = destination;
  const options: ChannelOptions = {
    "grpc.initial_reconnect_backoff_ms": RECONNECT_MIN_MS,
    "grpc.max_reconnect_backoff_ms": RECONNECT_MAX_MS,
    // Retries are ours: they are counted, and bounded by the queue.
    "grpc.enable_retries": 0,
  };
  if (gzip) options["grpc.default_compression_algorithm"] = GZIP;
  if (tls && isIP(host) !== 0) options["grpc.ssl_target_name_override"] = NAME_FOR_ADDRESSES;
  return new Client(
    `${bracketed(host)}:${port}`,
    tls ? await tlsCredentials(destination) : credentials.createInsecure(),
    options,
  );
}

async function tlsCredentials(destination: Destination): Promise<ChannelCredentials> {
  const { host, caFile, certFile, keyFile, verify } = destination;
  const [ca, cert, key] = await Promise.all([pem(caFile), pem(certFile), pem(keyFile)]);
  if (!verify) return credentials.createSsl(ca, key, cert, { rejectUnauthorized: false });
  if (isIP(host) === 0) return credentials.createSsl(ca, key, cert);
  return credentials.createSsl(ca, key, cert, {
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  });
}

async function pem(path: string): Promise<Buffer | null> {
  return path === "" ? null : readFile(path);
}
