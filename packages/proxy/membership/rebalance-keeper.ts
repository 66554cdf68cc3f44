/**
 * The primary's duty towards placement: a rebalance is begun when targets come or have to go, given up when the cluster map
 * has changed under it, and begun anew; nodes whose objects were handed over are let go.
 */
import { errorText, isAisError } from "@ais/base/errors.ts";
import { WAITS_FOR_PLACEMENT } from "@ais/cluster/jobs/job-record.ts";
import type { Span } from "@ais/tracing/types.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import { jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import { parseRebalanceArgs } from "@ais/wire/jobs/rebalance-args.ts";
import {
  awayTargets,
  holdingTargets,
  type Rmd,
  rebalanceGoal,
  rebalanceJobId,
  unsettledTargets,
} from "@ais/wire/rmd.ts";
import { activeTargets, type Smap } from "@ais/wire/smap.ts";
import { openRebalance } from "../jobs/start-job.ts";
import { type PrimaryDuty, startPrimaryDuty } from "../primary-duty.ts";
import type { ProxyServices } from "../services.ts";
import { finishRemoval } from "./finish-removal.ts";
import { giveUpEmpty } from "./give-up-away.ts";
import { startRebalance } from "./rebalance.ts";

const TICK_MS = 500;
/** Nodes that come or go together, as when a cluster starts, cause one rebalance and not one each. */
const QUIET_MS = 1000;
const SUPERSEDED = "superseded: the cluster map has changed";

export function startRebalanceKeeper(services: ProxyServices): PrimaryDuty {
  const keeping = new Keeping(services);
  return startPrimaryDuty(services, TICK_MS, "look after the placement of objects", () => keeping.look());
}

class Keeping {
  readonly #services: ProxyServices;
  #goal = "";
  #goalSinceMs = 0;

  constructor(services: ProxyServices) {
    this.#services = services;
  }

  async look(): Promise<void> {
    const { member, membership, clock } = this.#services;
    // Whoever changes the membership draws the conclusions at once.
    if (membership.isOpen || !member.isPrimary) return;
    const { smap, rmd } = member.snapshot;
    for (const [id, state] of Object.entries(rmd.nodes)) {
      if (!state.final && (state.moved || !state.rebalance))
        await this.#inSpan("finish", (span) => finishRemoval(id, { span }, this.#services));
    }
    if (awayTargets(smap, rmd).length > 0 && listBuckets(member.snapshot.bmd).length === 0)
      await this.#inSpan("give up", (span) => giveUpEmpty({ span }, this.#services));
    const goal = rebalanceGoal(smap, rmd);
    if (goal !== this.#goal) {
      this.#goal = goal;
      this.#goalSinceMs = clock.monotonicMs();
    }
    const isQuiet = clock.monotonicMs() - this.#goalSinceMs >= QUIET_MS;
    if (openRebalance(this.#services) !== null) return isQuiet ? this.#supersede(goal) : undefined;
    await this.#begin(smap, rmd, goal, isQuiet);
  }

  async #supersede(goal: string): Promise<void> {
    const { jobs, clock } = this.#services;
    const running = openRebalance(this.#services);
    if (running === null || running.record.stop !== null) return;
    if (parseRebalanceArgs(running.record.args).goal === goal) return;
    const stop = { reason: SUPERSEDED, timeNs: clock.nowNs().toString() };
    await jobs.update(running.record.id, (current) =>
      current.end === null && current.stop === null ? { ...current, stop } : null,
    );
  }

  async #begin(smap: Smap, rmd: Rmd, goal: string, isQuiet: boolean): Promise<void> {
    const { member, jobs } = this.#services;
    const joined = unsettledTargets(smap, rmd);
    const leaving = Object.entries(rmd.nodes).filter(
      ([id, { final, rebalance, moved }]) => !final && rebalance && !moved && Object.hasOwn(smap.tmap, id),
    );
    if (rmd.attempted !== "" && rmd.attempted !== goal) {
      // The same goal is worth another attempt after there was another one.
      await this.#inSpan("forget", (span) => member.updateRmd((now) => ({ ...now, attempted: "" }), span));
      return;
    }
    if (joined.length + leaving.length === 0) return;
    if (leaving.length === 0 && (await this.#settleEmpty(smap, rmd))) return;
    if (!isQuiet) return;
    if (leaving.length === 0 && !member.snapshot.config.rebalance.enabled) return;
    // What nobody waits for may wait itself: until then objects are found where they are.
    if (leaving.length === 0 && this.#isBusy()) return;
    const isTried = rmd.attempted === goal;
    if (
      isTried &&
      (rmd.rebalance_id === 0 || (await jobs.refresh(rebalanceJobId(rmd.rebalance_id))) !== null)
    )
      return;
    const why = [...joined.map((id) => `joined: t[${id}]`), ...leaving.map(([id]) => `leaves: t[${id}]`)];
    await this.#inSpan("begin", (span) => startRebalance(why.join(", "), { span }, this.#services));
  }

  /** Without buckets, or with one target, everything is in its place. True when that is so, and noted. */
  async #settleEmpty(smap: Smap, rmd: Rmd): Promise<boolean> {
    const { member } = this.#services;
    const isInPlace = (): boolean =>
      listBuckets(member.snapshot.bmd).length === 0 || holdingTargets(smap, rmd).length < 2;
    if (!isInPlace()) return false;
    return this.#inSpan("settle", async (span) => {
      await member.refresh("bmd", span);
      if (!isInPlace()) return false;
      const target_ids = activeTargets(smap).map((node) => node.daemon_id);
      await member.updateRmd(
        (now) => (now.version === rmd.version ? { ...now, target_ids, left: [] } : null),
        span,
      );
      return true;
    });
  }

  /** A job is at work that a rebalance would end, and that can come to its end without one. */
  #isBusy(): boolean {
    return this.#services.jobs.list().some(({ record, shares }) => {
      if (record.end !== null || jobEntry(record.kind).abortedByRebalance !== true) return false;
      const working = record.targets.flatMap((id) => {
        const share = shares.get(id);
        return (share?.state ?? "running") === "running" ? [share] : [];
      });
      return working.length > 0 && !working.some((share) => share?.waitingFor === WAITS_FOR_PLACEMENT);
    });
  }

  async #inSpan<T>(step: string, work: (span: Span) => Promise<T>): Promise<T> {
    const span = this.#services.tracing.startRoot("ais.rebalance.keep");
    span.set("ais.rebalance.step", step);
    try {
      return await work(span);
    } catch (error) {
      span.fail(isAisError(error) ? error.code : "internal", errorText(error));
      throw error;
    } finally {
      span.end();
    }
  }
}
