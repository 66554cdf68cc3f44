/**
 * The primary's duty towards placement: a rebalance is begun when targets come or have to go, given up when the cluster map
 * has changed under it, and begun anew; nodes whose objects were handed over are let go.
 */
import { errorText, isAisError } from "@ais/base/errors.ts";
import { SerialTask } from "@ais/cluster/serial-task.ts";
import type { Span } from "@ais/tracing/types.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import { jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import { parseRebalanceArgs } from "@ais/wire/jobs/rebalance-args.ts";
import { holdingTargets, type Rmd, rebalanceGoal, rebalanceJobId, unsettledTargets } from "@ais/wire/rmd.ts";
import { activeTargets, type Smap } from "@ais/wire/smap.ts";
import { openRebalance } from "../jobs/start-job.ts";
import type { ProxyServices } from "../services.ts";
import { finishRemoval } from "./finish-removal.ts";
import { startRebalance } from "./rebalance.ts";

const TICK_MS = 500;
/** Nodes that come or go together, as when a cluster starts, cause one rebalance and not one each. */
const QUIET_MS = 1000;
const SUPERSEDED = "superseded: the cluster map has changed";

export interface RebalanceKeeper extends AsyncDisposable {
  trigger(): void;
}

export function startRebalanceKeeper(services: ProxyServices): RebalanceKeeper {
  const { jobs, member, logger } = services;
  const keeping = new Keeping(services);
  const task = new SerialTask(
    () => keeping.look(),
    (error) => {
      if (isAisError(error, "unavailable")) return;
      logger.log("error", "failed to look after the placement of objects", { error: errorText(error) });
    },
  );
  const trigger = (): void => {
    if (member.isPrimary) task.trigger();
  };
  const unsubscribe = [jobs.onChange(trigger), member.onChange(trigger)];
  const timer = setInterval(trigger, TICK_MS);
  timer.unref?.();
  return {
    trigger,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      for (const each of unsubscribe) each();
      await task.stop();
    },
  };
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
    const isBusy = jobs
      .list()
      .some(({ record }) => record.end === null && jobEntry(record.kind).abortedByRebalance === true);
    // What nobody waits for may wait itself: until then objects are found where they are.
    if (leaving.length === 0 && isBusy) return;
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
    return this.#inSpan("settle", async (span) => {
      const { bmd } = await member.refresh("bmd", span);
      if (listBuckets(bmd).length > 0 && holdingTargets(smap, rmd).length > 1) return false;
      const target_ids = activeTargets(smap).map((node) => node.daemon_id);
      await member.updateRmd(
        (now) => (now.version === rmd.version ? { ...now, target_ids, left: [] } : null),
        span,
      );
      return true;
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
