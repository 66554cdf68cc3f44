import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
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
}

const EMPTY: PlaygroundState = { processes: [], tracingEndpoint: "", demoBuckets: [] };

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
      return { ...EMPTY, ...JSON.parse(readFileSync(this.#path, "utf8")) };
    } catch (cause) {
      throw new Error(`cannot read ${this.#path}; stop its processes by hand and remove it`, { cause });
    }
  }

  /** Replaces the file as a whole, so that a crash leaves the old or the new list of processes. */
  write(state: PlaygroundState): void {
    mkdirSync(this.directory, { recursive: true });
    const temporary = `${this.#path}.${process.pid}`;
    writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`);
    renameSync(temporary, this.#path);
  }

  update(change: Partial<PlaygroundState>): PlaygroundState {
    const next = { ...this.read(), ...change };
    this.write(next);
    return next;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function running(state: PlaygroundState): readonly StartedProcess[] {
  return state.processes.filter((started) => isAlive(started.identity));
}
