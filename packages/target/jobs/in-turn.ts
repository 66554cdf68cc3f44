import { must } from "@ais/base/assert.ts";
import type { JobStats } from "@ais/cluster/jobs/job-record.ts";
import type { JobWork, UnitOutcome } from "@ais/node/jobs/job-work.ts";

/** Work from a cursor that is empty at its start. */
export type Stage = (cursor: string) => JobWork;

/** One piece of work after another. The cursor says which, and how far that is. */
export class InTurn implements JobWork {
  readonly #stages: readonly Stage[];
  #at: number;
  #work: JobWork;

  constructor(cursor: string, stages: readonly Stage[]) {
    this.#stages = stages;
    const at = stageOf(cursor);
    this.#at = at.index;
    this.#work = this.#begin(at.cursor);
  }

  cursor(): string {
    return `${this.#at} ${this.#work.cursor()}`;
  }

  settled(): JobStats | undefined {
    return this.#work.settled?.();
  }

  async unit(signal: AbortSignal): Promise<UnitOutcome> {
    const outcome = await this.#work.unit(signal);
    if (outcome.kind !== "done" || this.#at + 1 === this.#stages.length) return outcome;
    this.#at++;
    this.#work = this.#begin("");
    return { kind: "worked" };
  }

  #begin(cursor: string): JobWork {
    return must(this.#stages[this.#at], "a cursor names a stage")(cursor);
  }
}

/** What a cursor of work in turn says. */
export function stageOf(cursor: string): { readonly index: number; readonly cursor: string } {
  const blank = cursor.indexOf(" ");
  if (blank < 0) return { index: 0, cursor: "" };
  return { index: Number(cursor.slice(0, blank)), cursor: cursor.slice(blank + 1) };
}
