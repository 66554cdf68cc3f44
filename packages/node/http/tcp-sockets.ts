/** What the kernel knows of this process's TCP connections: the runtime tells neither their number nor their progress. */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { readdirSync } from "node:fs";

export interface TcpSocket {
  readonly descriptor: number;
  /** `address:port` of the other end, `v6:port` over IPv6. */
  readonly peer: string;
  /** Of the whole connection, acknowledged by the other end and arrived from it. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Handed to the kernel and not taken by the other end. */
  readonly isSending: boolean;
  readonly sinceSentMs: number;
  readonly sinceReceivedMs: number;
}

export interface TcpSockets {
  /** Established connections to the local port. Their descriptors are valid until the turn of the event loop ends. */
  list(localPort: number): readonly TcpSocket[];
  /** Ends the connection: whoever holds the descriptor sees that its other end has gone. */
  shutDown(socket: TcpSocket): void;
}

const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_ESTABLISHED = 1;
const SHUT_RDWR = 2;
const ADDRESS_BYTES = 128;
const INFO_BYTES = 256;
/** Offsets in `struct tcp_info` (Linux 4.6 and later). */
const INFO = {
  unacked: 24,
  sinceSentMs: 44,
  sinceReceivedMs: 52,
  ackedBytes: 120,
  receivedBytes: 128,
  notSentBytes: 144,
} as const;
const NEEDED_INFO_BYTES = INFO.notSentBytes + 4;

/** Throws where the system has no such calls. */
export function openTcpSockets(library = "libc.so.6"): TcpSockets {
  if (process.platform !== "linux") throw new Error(`no TCP_INFO on ${process.platform}`);
  const name = { args: [FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 } as const;
  const { symbols } = dlopen(library, {
    getpeername: name,
    getsockname: name,
    getsockopt: {
      args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.ptr],
      returns: FFIType.i32,
    },
    shutdown: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  });
  const bytes = new Uint8Array(INFO_BYTES);
  const view = new DataView(bytes.buffer);
  const length = new Int32Array(1);
  const ask = (call: typeof symbols.getpeername, descriptor: number): boolean => {
    length[0] = ADDRESS_BYTES;
    return call(descriptor, ptr(bytes), ptr(length)) === 0;
  };
  const read = (descriptor: number, localPort: number): TcpSocket | null => {
    if (!ask(symbols.getsockname, descriptor) || portIn(view) !== localPort) return null;
    if (!ask(symbols.getpeername, descriptor)) return null;
    const peer = peerIn(bytes, view);
    length[0] = INFO_BYTES;
    if (symbols.getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, ptr(bytes), ptr(length)) !== 0) return null;
    if ((length[0] ?? 0) < NEEDED_INFO_BYTES || bytes[0] !== TCP_ESTABLISHED) return null;
    return {
      descriptor,
      peer,
      sentBytes: Number(view.getBigUint64(INFO.ackedBytes, true)),
      receivedBytes: Number(view.getBigUint64(INFO.receivedBytes, true)),
      isSending: view.getUint32(INFO.notSentBytes, true) > 0 || view.getUint32(INFO.unacked, true) > 0,
      sinceSentMs: view.getUint32(INFO.sinceSentMs, true),
      sinceReceivedMs: view.getUint32(INFO.sinceReceivedMs, true),
    };
  };
  return {
    list: (localPort) =>
      readdirSync("/proc/self/fd").flatMap((descriptor) => read(Number(descriptor), localPort) ?? []),
    shutDown: ({ descriptor }) => {
      symbols.shutdown(descriptor, SHUT_RDWR);
    },
  };
}

/** The same text that `peerOf` gives for what the runtime knows of a request's other end. */
export function peerOf(address: string, port: number): string {
  const v4 = /(?:^|:)(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  return v4 === undefined ? `v6:${port}` : `${v4}:${port}`;
}

/** `struct sockaddr_in` and `sockaddr_in6` have the port in the same place. */
function portIn(view: DataView): number {
  const family = view.getUint16(0, true);
  return family === AF_INET || family === AF_INET6 ? view.getUint16(2) : 0;
}

const MAPPED_V4 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const ADDRESS_AT = { v4: 4, v6: 8 } as const;

function peerIn(bytes: Uint8Array, view: DataView): string {
  const isMapped = MAPPED_V4.every((byte, i) => bytes[ADDRESS_AT.v6 + i] === byte);
  if (view.getUint16(0, true) === AF_INET6 && !isMapped) return peerOf("", portIn(view));
  const at = view.getUint16(0, true) === AF_INET ? ADDRESS_AT.v4 : ADDRESS_AT.v6 + MAPPED_V4.length;
  return peerOf(bytes.subarray(at, at + 4).join("."), portIn(view));
}
