import { connect } from "node:net";

/** What a listener speaks; `unknown` when it could not be reached or said nothing in time. */
export type Spoken = "tls" | "plaintext" | "unknown";

const HANDSHAKE_RECORD = 0x16;
const ALERT_RECORD = 0x15;

/**
 * Says hello in TLS and looks at the first byte of the answer. Every TLS listener answers with a handshake or an alert
 * record, whatever it thinks of the hello; an HTTP/2 listener answers with a frame or hangs up.
 */
export function sniffTls(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<{ spoken: Spoken; error: string }> {
  return new Promise((resolve) => {
    let connected = false;
    const socket = connect({ host, port });
    const settle = (spoken: Spoken, error: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ spoken, error });
    };
    const timer = setTimeout(
      () => settle("unknown", `no answer from ${host}:${port} in ${timeoutMs} ms`),
      timeoutMs,
    );
    socket.on("connect", () => {
      connected = true;
      socket.write(clientHello());
    });
    socket.on("data", (bytes) => {
      const spoken = bytes[0] === HANDSHAKE_RECORD || bytes[0] === ALERT_RECORD ? "tls" : "plaintext";
      settle(spoken, "");
    });
    socket.on("error", (error) => settle(connected ? "plaintext" : "unknown", error.message));
    socket.on("close", () =>
      settle(connected ? "plaintext" : "unknown", `${host}:${port} closed the connection`),
    );
  });
}

/** A TLS 1.2 ClientHello (RFC 5246 7.4.1.2) with the least that is legal. */
function clientHello(): Uint8Array {
  const random = crypto.getRandomValues(new Uint8Array(32));
  // ECDHE-RSA-AES128-GCM-SHA256, ECDHE-ECDSA-AES128-GCM-SHA256, AES128-GCM-SHA256.
  const ciphers = [0x00, 0x06, 0xc0, 0x2f, 0xc0, 0x2b, 0x00, 0x9c];
  // supported_groups x25519 and secp256r1; signature_algorithms ecdsa and rsa with sha256; ec_point_formats uncompressed.
  const groups = [0x00, 0x0a, 0x00, 0x06, 0x00, 0x04, 0x00, 0x1d, 0x00, 0x17];
  const signatures = [0x00, 0x0d, 0x00, 0x08, 0x00, 0x06, 0x04, 0x03, 0x04, 0x01, 0x08, 0x04];
  const points = [0x00, 0x0b, 0x00, 0x02, 0x01, 0x00];
  const extensions = [...groups, ...signatures, ...points];
  const noSession = 0;
  const nullCompression = [0x01, 0x00];
  const body = [
    ...[0x03, 0x03],
    ...random,
    noSession,
    ...ciphers,
    ...nullCompression,
    ...uint16(extensions.length),
    ...extensions,
  ];
  const handshake = [0x01, 0x00, ...uint16(body.length), ...body];
  return new Uint8Array([HANDSHAKE_RECORD, 0x03, 0x01, ...uint16(handshake.length), ...handshake]);
}

function uint16(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}
