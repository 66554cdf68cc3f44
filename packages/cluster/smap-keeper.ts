/** The primary's duty: makes the Smap say what `nodes/` says. Safe to run anywhere, since every write is compare-and-set. */
import type { Clock } from "@ais/base/clock.ts";
import { errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import type { RepeatLimit } from "@ais/base/repeat-limit.ts";
import type { Tracing } from "@ais/tracing/types.ts";
import { emptyRmd, outOfService, type Rmd, withServiceFlags } from "@ais/wire/rmd.ts";
import { activeTargets, emptySmap, parseSnode, type Smap, type Snode } from "@ais/wire/smap.ts";
import { KEYS, nodeKey } from "./cluster-keys.ts";
import type { Coordinator, KeyValue } from "./coordinator/coordinator.ts";
import { codecOf, encodeDocument, parseDocument, smapTime } from "./documents.ts";
import { nextSmap, type SmapStep } from "./next-smap.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { ATTRIBUTE, SPAN } from "./span-names.ts";

export interface SmapKeeperOptions {
  readonly coordinator: Coordinator;
  readonly snapshots: SnapshotStore;
  readonly selfId: string;
  /** Asked before every write: the answer changes the moment the lease is in doubt. */
  readonly isPrimary: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where records and documents that make no sense are told of. */
  readonly problems: RepeatLimit;
  readonly tracing: Tracing;
}

export class SmapKeeper {
  readonly #options: SmapKeeperOptions;

  constructor(options: SmapKeeperOptions) {
    this.#options = options;
  }

  /** Brings the Smap up to date, in one step however many nodes came and went. */
  async reconcile(): Promise<void> {
    const { coordinator, isPrimary, selfId } = this.#options;
    while (isPrimary()) {
      const entry = await coordinator.get("smap");
      const alive = this.#parseNodes(await coordinator.list(KEYS.nodePrefix));
      const rmd = await coordinator.get("rmd");
      const current = this.#current(entry);
      const nodes = withServiceFlags(alive, rmd === null ? emptyRmd() : parseDocument("rmd", rmd.value));
      const step = nextSmap(current, nodes, selfId);
      // A primary that is not registered yet would write an Smap without a primary: its registration triggers the next run.
      if (step === null || step.smap.proxy_si === null || !isPrimary()) return;
      if (rmd !== null && !(await this.#unsettle(current, step.smap, rmd))) continue;
      if (await this.#write(step, entry)) return;
    }
  }

  /** The Smap as it is, or the one from which the first version grows. */
  #current(entry: KeyValue | null): Smap {
    if (entry !== null) return parseDocument("smap", entry.value);
    const uuid = this.#options.snapshots.current.config.uuid;
    return { ...emptySmap(), uuid, creation_time: smapTime(this.#options.clock.nowMs()) };
  }

  /**
   * Placement is no longer settled with targets that cease to serve: what they own is written elsewhere from now on. Said
   * before the Smap says that they are gone, so that their return is never taken for no change. False when somebody
   * else was quicker.
   */
  async #unsettle(before: Smap, after: Smap, entry: KeyValue): Promise<boolean> {
    const { coordinator, snapshots, clock } = this.#options;
    const rmd = parseDocument("rmd", entry.value);
    const serving = new Set(activeTargets(after).map((node) => node.daemon_id));
    const ids = activeTargets(before).flatMap(({ daemon_id: id }) => (serving.has(id) ? [] : [id]));
    // One on its way out serves nothing any more, and leaves the map with what it has not handed over.
    const stranded = Object.keys(before.tmap).filter((id) => outOfService(rmd, id)?.moved !== true);
    const lost = [...ids, ...stranded].filter((id) => !Object.hasOwn(after.tmap, id));
    if (ids.length + lost.length === 0) return true;
    const isOvertaken = ids.some((id) => Object.hasOwn(after.tmap, id) && mayHaveOvertaken(id, rmd));
    const target_ids = isOvertaken ? [] : rmd.target_ids.filter((id) => !ids.includes(id));
    const left = [...new Set([...rmd.left, ...ids])];
    // Those that stay in the map are no loss: what they hold is known to be theirs.
    const away = [...new Set([...rmd.away, ...lost])].filter((id) => !Object.hasOwn(after.tmap, id));
    const next = codecOf("rmd").succeed(rmd, { ...rmd, target_ids, left, away }, clock.nowMs());
    const expected = { revision: entry.revision };
    const written = await coordinator.put("rmd", encodeDocument("rmd", next), expected);
    if (written !== null) snapshots.apply("rmd", written);
    return written !== null;
  }

  /** False when somebody else was quicker. */
  async #write(step: SmapStep, entry: KeyValue | null): Promise<boolean> {
    const { coordinator, snapshots, tracing, logger, clock } = this.#options;
    const smap = codecOf("smap").succeed(step.smap, step.smap, clock.nowMs());
    const expected = entry === null ? "absent" : { revision: entry.revision };
    const span = tracing.startRoot(SPAN.membershipChange);
    try {
      span.set(ATTRIBUTE.smapVersion, smap.version);
      span.set(ATTRIBUTE.smapPrimary, this.#options.selfId);
      span.set(ATTRIBUTE.smapAdded, step.added);
      span.set(ATTRIBUTE.smapRemoved, step.removed);
      span.set(ATTRIBUTE.smapReplaced, step.replaced);
      const written = await coordinator.put("smap", encodeDocument("smap", smap), expected);
      span.set(ATTRIBUTE.documentChanged, written !== null);
      if (written === null) return false;
      snapshots.apply("smap", written);
      const { added, removed, replaced } = step;
      const fields = {
        version: smap.version,
        added: added.join(),
        removed: removed.join(),
        replaced: replaced.join(),
      };
      logger.log("info", "cluster map changed", fields, span);
      return true;
    } catch (error) {
      span.fail("unavailable", errorText(error));
      span.exception(error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** Records that make no sense are left out, which keeps their writers out of the Smap, and said so. */
  #parseNodes(entries: readonly KeyValue[]): readonly Snode[] {
    const nodes: Snode[] = [];
    for (const { key, value } of entries) {
      try {
        const node = parseSnode(value);
        if (nodeKey(node.daemon_id) === key) nodes.push(node);
        else throw new Error(`"${key}" holds the record of node "${node.daemon_id}"`);
      } catch (error) {
        this.#options.problems.error("node record that makes no sense", { key, error: errorText(error) });
      }
    }
    return nodes;
  }
}

/**
 * What was written to a target that had not caught up with the others yet is newer than what those may have kept of the same
 * objects. When it leaves and stays in reach, none of them is known to have the newest.
 */
function mayHaveOvertaken(id: string, rmd: Rmd): boolean {
  const state = outOfService(rmd, id);
  const isGivenUp = state?.action === "decommission-node" && !state.rebalance;
  return !rmd.target_ids.includes(id) && !isGivenUp;
}
