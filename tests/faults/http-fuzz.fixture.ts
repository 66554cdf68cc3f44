/** Requests that no client of ours sends, and what a server may make of them. */
import { connect } from "node:net";
import type { SeededRandom } from "@ais/testkit/random.ts";

export interface Attack {
  readonly name: string;
  readonly bytes: Buffer;
  /** Statuses that are right. Empty: only closing is. */
  readonly allowed: readonly number[];
  /** Closing without a reply is right as well. */
  readonly mayClose: boolean;
  /** Close our side once everything is sent. */
  readonly half?: boolean;
}

const REFUSED = [400, 403, 404, 405, 408, 411, 413, 414, 417, 431, 501, 505];

/** One attack on `/v1/objects/<bucket>/<object>`, whose query makes it look redirected. */
export function attack(random: SeededRandom, bucket: string, n: number): Attack {
  const make = random.pick([...MAKERS] as [Maker, ...Maker[]]);
  return make(random, `/v1/objects/${bucket}/fuzz-${n}?pid=p1&utm=1`);
}

type Maker = (random: SeededRandom, path: string) => Attack;

function refused(name: string, text: string | Buffer, mayClose = true): Attack {
  return { name, bytes: Buffer.from(text as string, "latin1"), allowed: REFUSED, mayClose };
}

/** What is wrong is in the body: a proxy that redirects has answered before it comes. */
function refusedBody(name: string, text: string): Attack {
  return { ...refused(name, text), allowed: [307, ...REFUSED] };
}

function put(path: string, headers: string, body: string): string {
  return `PUT ${path} HTTP/1.1\r\nHost: h\r\n${headers}\r\n\r\n${body}`;
}

const LINES = [
  "GARBAGE",
  "GET",
  "GET /",
  "GET  / HTTP/1.1",
  "GET / HTTP/9.9",
  "G\0T / HTTP/1.1",
  " / HTTP/1.1",
  "PRI * HTTP/2.0",
] as const;
const LENGTHS = [
  "-1",
  "abc",
  "1e3",
  "0x10",
  "5,6",
  "+5",
  "99999999999999999999999",
  "5 5",
  "5\r\nContent-Length: 6",
] as const;
const CHUNKS = [
  "zz\r\nabc\r\n0\r\n\r\n",
  "-3\r\nabc\r\n0\r\n\r\n",
  "ffffffffffffffffff\r\nabc",
  "3\r\nabcX0\r\n\r\n",
  "3;\0\r\nab",
  "\r\n\r\n",
  "3\nabc\n0\n\n",
] as const;

const MAKERS: readonly Maker[] = [
  (random) => refused("request line", `${random.pick([...LINES])}\r\nHost: h\r\n\r\n`),
  (random) => refused("noise", random.bytes(random.integer(1, 5_000))),
  (random) =>
    refused("TLS hello", Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]), random.bytes(512)])),
  (random, path) =>
    refused(
      "long header",
      `GET ${path} HTTP/1.1\r\nHost: h\r\nX-A: ${"a".repeat(random.integer(100_000, 1_000_000))}\r\n\r\n`,
    ),
  (random, path) =>
    refused(
      "many headers",
      `GET ${path} HTTP/1.1\r\nHost: h\r\n${"X-A: 1\r\n".repeat(random.integer(10_000, 60_000))}\r\n`,
    ),
  (random, path) =>
    refused(
      "long path",
      `GET ${path}&x=${"a".repeat(random.integer(100_000, 500_000))} HTTP/1.1\r\nHost: h\r\n\r\n`,
    ),
  (_, path) => refused("header without a colon", `GET ${path} HTTP/1.1\r\nHost: h\r\nnonsense\r\n\r\n`),
  (_, path) =>
    refused("blank before a colon", `GET ${path} HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\n`),
  (random, path) => refused("length", put(path, `Content-Length: ${random.pick([...LENGTHS])}`, "hello")),
  (_, path) =>
    refused(
      "length and chunks",
      put(path, "Content-Length: 3\r\nTransfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"),
    ),
  (random, path) => refusedBody("chunks", put(path, "Transfer-Encoding: chunked", random.pick([...CHUNKS]))),
  (random, path) => ({
    ...refusedBody("early close", put(path, `Content-Length: ${random.integer(2, 100_000)}`, "a")),
    half: true,
  }),
  (random, path) => {
    const head = put(path, "Content-Length: 5", "hello");
    return { ...refused("head cut", head.slice(0, random.integer(1, 40))), half: true };
  },
  (_, path) => ({
    ...refused("body too long", put(path, "Content-Length: 2", "hello, and more")),
    allowed: [200, 307, ...REFUSED],
  }),
  (random) =>
    refused(
      "escapes",
      `GET /v1/objects/%zz/%00/${"%2e%2e/".repeat(random.integer(1, 9))}x HTTP/1.1\r\nHost: h\r\n\r\n`,
      false,
    ),
  (_, path) => refused("unknown method", `BREW ${path} HTTP/1.1\r\nHost: h\r\n\r\n`),
];

export interface Outcome {
  /** Of every reply, in order. */
  readonly statuses: readonly number[];
  readonly isClosed: boolean;
}

/** Sends everything, in pieces now and then, and waits for a reply or the end. */
export function attempt(
  port: number,
  bytes: Buffer,
  random: SeededRandom,
  half: boolean,
  patienceMs: number,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    let text = "";
    let isClosed = false;
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status));
      resolve({ statuses: statuses.filter((status) => status !== 100), isClosed });
    };
    const timer = setTimeout(end, patienceMs);
    socket.on("error", () => {
      isClosed = true;
    });
    socket.on("close", () => {
      isClosed = true;
      end();
    });
    socket.on("end", () => {
      isClosed = true;
      end();
    });
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (/HTTP\/1\.[01] (?!100)\d{3}[^\n]*\r\n/.test(text)) setTimeout(end, 5);
    });
    const cut = random.integer(0, bytes.length);
    socket.write(bytes.subarray(0, cut));
    socket.write(bytes.subarray(cut), () => {
      if (half) socket.end();
    });
  });
}
