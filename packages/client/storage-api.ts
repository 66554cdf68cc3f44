import { HEADERS } from "@ais/wire/headers.ts";
import { PATHS } from "@ais/wire/paths.ts";
import type { StorageJobKind, StorageJobRequest, StorageJobStatus } from "@ais/wire/storage-report.ts";
import type { Caller } from "./caller.ts";

/** Checks and scrubs of what targets store, by way of the proxy. */
export class StorageApi {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Throws `AisApiError` with status 409 while one of this kind runs there. */
  start(targetId: string, kind: StorageJobKind, request: StorageJobRequest): Promise<StorageJobStatus> {
    return this.#call("POST", targetId, kind, JSON.stringify(request));
  }

  /** Of the running job, else of the last one since the target's start. */
  status(targetId: string, kind: StorageJobKind): Promise<StorageJobStatus> {
    return this.#call("GET", targetId, kind);
  }

  /** Resolves when it has ended. */
  stop(targetId: string, kind: StorageJobKind): Promise<StorageJobStatus> {
    return this.#call("DELETE", targetId, kind);
  }

  async #call(
    method: string,
    targetId: string,
    kind: StorageJobKind,
    body?: string,
  ): Promise<StorageJobStatus> {
    const reply = await this.#caller.json({
      method,
      path: `${PATHS.reverseDaemonStorage}/${kind}`,
      headers: { [HEADERS.nodeId]: targetId },
      ...(body === undefined ? {} : { body }),
    });
    return reply as StorageJobStatus;
  }
}
