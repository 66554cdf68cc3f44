/** A self-signed certificate for tests (RFC 5280), since neither runtime can make one. */
import { generateKeyPairSync, sign } from "node:crypto";

export interface SelfSigned {
  readonly certPem: string;
  readonly keyPem: string;
}

const SEQUENCE = 0x30;
const ECDSA_WITH_SHA256 = "06082a8648ce3d040302";
const COMMON_NAME = "0603550403";
const SUBJECT_ALT_NAME = "0603551d11";
const BASIC_CONSTRAINTS = "0603551d13";

/** Valid for `localhost` and `address` from 2020 to 2049; its own issuer. */
export function selfSigned(address: readonly [number, number, number, number] = [127, 0, 0, 1]): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const algorithm = der(SEQUENCE, hex(ECDSA_WITH_SHA256));
  const name = der(
    SEQUENCE,
    der(0x31, der(SEQUENCE, hex(COMMON_NAME), der(0x0c, Buffer.from("collector under test")))),
  );
  const altNames = der(SEQUENCE, der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from(address)));
  const authority = der(SEQUENCE, der(0x01, Buffer.from([0xff])));
  const extensions = der(
    SEQUENCE,
    der(SEQUENCE, hex(SUBJECT_ALT_NAME), der(0x04, altNames)),
    der(SEQUENCE, hex(BASIC_CONSTRAINTS), der(0x04, authority)),
  );
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    name,
    der(SEQUENCE, utcTime("200101000000Z"), utcTime("491231235959Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = der(SEQUENCE, body, algorithm, der(0x03, Buffer.from([0]), signature));
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64").replace(/(.{64})/g, "$1\n")}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), body]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

function utcTime(text: string): Buffer {
  return der(0x17, Buffer.from(text));
}
