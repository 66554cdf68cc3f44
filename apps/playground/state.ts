import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { durableWriteBytes } from "@ais/base/durable-write.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";

/** One process that the playground started. */
export interface StartedProcess {
  /** `proxy`, `target` or `aistrace`. */
  readonly kind: "proxy" | "target" | "aistrace";
  /** Folder below the playground's directory that holds its state. */
  readonly folder: string;
  readonly url: string;
  readonly identity: ProcessIdentity;
}

export interface PlaygroundState {
  readonly processes: readonly StartedProcess[];
  /** Collector of the last deployment with tracing; empty without. */
  readonly tracingEndpoint: string;
  /** Buckets that the demo made and may remove. */
  readonly demoBuckets: readonly string[];
  /** Link to the command line that a deployment made; empty without. */
  readonly cliLink: string;
  /** Where that link led before, such as another checkout; empty for nowhere. */
  readonly cliLinkBefore: string;
}

const EMPTY: PlaygroundState = {
  processes: [],
  tracingEndpoint: "",
  demoBuckets: [],
  cliLink: "",
  cliLinkBefore: "",
};

/** The directory of everything the playground keeps: `AIS_PLAYGROUND_DIR`, else `.playground` in the checkout. */
export function playgroundDir(env: Readonly<Record<string, string | undefined>>): string {
  return resolve(env["AIS_PLAYGROUND_DIR"] || ".playground");
}

export class StateFile {
  readonly directory: string;
  readonly #path: string;

  constructor(directory: string) {
    this.directory = directory;
    this.#path = join(directory, "playground.json");
  }

  read(): PlaygroundState {
    if (!existsSync(this.#path)) return EMPTY;
    try {
      const state: PlaygroundState = { ...EMPTY, ...JSON.parse(readFileSync(this.#path, "utf8")) };
      if (!state.processes.every((started) => Number.isInteger(started.identity.pid))) {
        throw new TypeError("a process without its number");
      }
      return state;
    } catch (cause) {
      throw new Error(`cannot read ${this.#path}; stop its processes by hand and remove it`, { cause });
    }
  }

  /** Replaces the file as a whole, so that a crash leaves the old or the new list of processes. */
  async update(change: Partial<PlaygroundState>): Promise<PlaygroundState> {
    const next = { ...this.read(), ...change };
    mkdirSync(this.directory, { recursive: true });
    await durableWriteBytes(this.#path, `${JSON.stringify(next, null, 2)}\n`, { flush: "os" });
    return next;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function running(state: PlaygroundState): readonly StartedProcess[] {
  return state.processes.filter((started) => isAlive(started.identity));
}
