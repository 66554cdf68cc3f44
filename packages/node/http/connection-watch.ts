/**
 * Looks at the connections of a server once a second, through the kernel: it closes those whose clients do not take their
 * replies or do not finish a request's head, and idle ones when there are too many. Requests themselves pay nothing.
 */
import { errorText } from "@ais/base/errors.ts";
import type { LimitName } from "@ais/base/limits.ts";
import type { Logger } from "@ais/base/log.ts";
import type { PaceLimits } from "./body-pace.ts";
import { openTcpSockets, type TcpSocket, type TcpSockets } from "./tcp-sockets.ts";

export interface ConnectionWatchOptions {
  readonly port: number;
  readonly pace: PaceLimits;
  readonly headTimeMs: number;
  readonly connectionCount: number;
  /** Other ends that a request is served for at the moment (`peerOf`). */
  readonly busyPeers: () => ReadonlySet<string>;
  /** Told before a connection is closed. */
  readonly onLimit: (limit: LimitName, peer: string) => void;
  readonly logger: Logger;
  readonly lookPeriodMs?: number;
}

export interface ConnectionWatch {
  readonly count: number;
  /** There are more connections than allowed and all of them are busy. */
  readonly isOverloaded: boolean;
  close(): void;
}

interface Known {
  /** Since when the other end has owed us something, by the clock of the process. */
  sendingSinceMs: number | null;
  sentBytes: number;
  headSinceMs: number | null;
  headBytes: number;
}

const LOOK_PERIOD_MS = 1000;
/** Kernel times are in ticks of up to 10 ms. */
const TICK_MS = 20;

/** Null where the kernel cannot be asked; says so in the log. */
export function openConnectionWatch(
  options: ConnectionWatchOptions,
  library?: string,
): ConnectionWatch | null {
  try {
    return new KernelConnectionWatch(options, openTcpSockets(library));
  } catch (error) {
    options.logger.log(
      "warn",
      "connections cannot be looked at: slow readers are closed when idle, and not counted",
      {
        error: errorText(error),
      },
    );
    return null;
  }
}

class KernelConnectionWatch implements ConnectionWatch {
  count = 0;
  isOverloaded = false;
  readonly #options: ConnectionWatchOptions;
  readonly #sockets: TcpSockets;
  readonly #timer: ReturnType<typeof setInterval>;
  #known = new Map<string, Known>();

  constructor(options: ConnectionWatchOptions, sockets: TcpSockets) {
    this.#options = options;
    this.#sockets = sockets;
    this.#timer = setInterval(() => this.#look(), options.lookPeriodMs ?? LOOK_PERIOD_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { port, busyPeers, connectionCount } = this.#options;
    const sockets = this.#sockets.list(port);
    const nowMs = performance.now();
    // Asked only when somebody has to be judged by it.
    let busy: ReadonlySet<string> | null = null;
    const isBusy = ({ peer }: TcpSocket): boolean => {
      busy ??= busyPeers();
      return busy.has(peer);
    };
    const known = new Map<string, Known>();
    const left: TcpSocket[] = [];
    for (const socket of sockets) {
      const entry = this.#known.get(socket.peer) ?? {
        sendingSinceMs: null,
        sentBytes: 0,
        headSinceMs: null,
        headBytes: 0,
      };
      const limit = this.#judge(socket, entry, nowMs, isBusy);
      if (limit !== null) this.#end(socket, limit);
      else {
        known.set(socket.peer, entry);
        left.push(socket);
      }
    }
    this.#known = known;
    this.#makeRoom(left, left.length - connectionCount, isBusy);
  }

  #judge(
    socket: TcpSocket,
    entry: Known,
    nowMs: number,
    isBusy: (socket: TcpSocket) => boolean,
  ): LimitName | null {
    const { pace, headTimeMs } = this.#options;
    if (!socket.isSending) entry.sendingSinceMs = null;
    else if (entry.sendingSinceMs === null) startWindow(entry, socket, nowMs);
    else if (nowMs - entry.sendingSinceMs >= pace.windowMs) {
      const taken = socket.sentBytes - entry.sentBytes;
      if ((taken * 1000) / (nowMs - entry.sendingSinceMs) < pace.leastBytesPerSecond) return "reply_rate";
      startWindow(entry, socket, nowMs);
    }
    if (!hasUnanswered(socket) || isBusy(socket)) entry.headSinceMs = null;
    else if (entry.headSinceMs === null) startHead(entry, socket, nowMs);
    else if (nowMs - entry.headSinceMs >= headTimeMs) {
      // The rest of a body whose request was answered early comes faster than that, and is no head.
      const came = socket.receivedBytes - entry.headBytes;
      if ((came * 1000) / headTimeMs < pace.leastBytesPerSecond) return "head_time";
      startHead(entry, socket, nowMs);
    }
    return null;
  }

  /** Those go first that have been quiet for longest. A client that keeps one open for later opens another. */
  #makeRoom(sockets: readonly TcpSocket[], excess: number, isBusy: (socket: TcpSocket) => boolean): void {
    const idle =
      excess <= 0
        ? []
        : sockets
            .filter((socket) => !socket.isSending && !isBusy(socket))
            .sort((a, b) => b.sinceReceivedMs - a.sinceReceivedMs)
            .slice(0, excess);
    for (const socket of idle) this.#end(socket, "connections");
    this.count = sockets.length - idle.length;
    this.isOverloaded = excess > idle.length;
  }

  #end(socket: TcpSocket, limit: LimitName): void {
    const { onLimit, logger } = this.#options;
    onLimit(limit, socket.peer);
    logger.log("debug", "closed a connection", { limit, peer: socket.peer });
    this.#sockets.shutDown(socket);
  }
}

function startWindow(entry: Known, { sentBytes }: TcpSocket, nowMs: number): void {
  entry.sendingSinceMs = nowMs;
  entry.sentBytes = sentBytes;
}

function startHead(entry: Known, { receivedBytes }: TcpSocket, nowMs: number): void {
  entry.headSinceMs = nowMs;
  entry.headBytes = receivedBytes;
}

/** Something has come after what was sent last: a part of a head, when no request is being served. */
function hasUnanswered({ receivedBytes, sentBytes, sinceReceivedMs, sinceSentMs }: TcpSocket): boolean {
  return receivedBytes > 0 && (sentBytes === 0 || sinceReceivedMs + TICK_MS < sinceSentMs);
}
