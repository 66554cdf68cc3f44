/** Requests whose replies are awaited or being streamed, and those whose clients were too slow to take theirs. */
import { peerOf } from "./tcp-sockets.ts";

type BunServer = Bun.Server<undefined>;

export class BusyRequests {
  readonly #requests = new Set<Request>();
  /** Replies of files, which the runtime sends by itself. */
  readonly #sending = new Set<Request>();
  readonly #slow = new WeakSet<Request>();
  #byPeer: Map<string, Request[]> | null = null;

  add(request: Request): void {
    this.#requests.add(request);
  }

  delete(request: Request): void {
    this.#requests.delete(request);
  }

  startSending(request: Request): void {
    this.#sending.add(request);
  }

  endSending(request: Request): void {
    this.#sending.delete(request);
  }

  peers(server: BunServer): ReadonlySet<string> {
    return new Set([...this.#requests].map((request) => peerOfRequest(server, request)));
  }

  markSlow(server: BunServer, peer: string): void {
    for (const request of this.#peersNow(server).get(peer) ?? []) this.#slow.add(request);
  }

  wasSlow(request: Request): boolean {
    return this.#slow.has(request);
  }

  /** Good for this turn of the event loop, in which many may be marked. */
  #peersNow(server: BunServer): ReadonlyMap<string, readonly Request[]> {
    if (this.#byPeer === null) {
      this.#byPeer = Map.groupBy([...this.#requests, ...this.#sending], (request) =>
        peerOfRequest(server, request),
      );
      queueMicrotask(() => {
        this.#byPeer = null;
      });
    }
    return this.#byPeer;
  }
}

function peerOfRequest(server: BunServer, request: Request): string {
  const other = server.requestIP(request);
  return other === null ? "" : peerOf(other.address, other.port);
}
