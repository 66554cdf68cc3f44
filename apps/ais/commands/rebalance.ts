/** `ais show rebalance`, `ais cluster rebalance start|stop|show`: AIStore's table of what each target sent and received. */
import type { JobSnap } from "@ais/client/job-api.ts";
import type { Command } from "commander";
import { nodeIdOf } from "../cluster/node-states.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { formatSize, type Units } from "../output/units.ts";
import { type RefreshOptions, showRepeatedly, withRefreshOptions } from "../refresh.ts";

const KIND = "rebalance";
const COLUMNS = [
  "REB ID",
  "NODE",
  "TX OBJECTS",
  "TX BYTES",
  "RX OBJECTS",
  "RX BYTES",
  "START",
  "END",
  "STATE",
].map((name) => ({ name }));

interface ShowOptions extends RefreshOptions {
  readonly all?: boolean;
  readonly dateTime?: boolean;
}

export function rebalanceShowCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name)
    .summary("show global rebalance: the one that runs, or with --all every one")
    .argument("[selection...]", "REB_ID (such as g21), NODE_ID, or both")
    .option("--all", "those that have ended as well")
    .option("--date-time", "dates beside times");
  return runtime.handle<ShowOptions>(withRefreshOptions(command), async (context, [words], options) =>
    showRepeatedly(context, options, () => show(context, [words ?? []].flat(), options)),
  );
}

export function clusterRebalanceCommand(runtime: Runtime, parent: Command): Command {
  const group = parent.command(KIND).summary("start, stop and show global rebalance");
  const start = group.command("start").summary("start global rebalance");
  runtime.handle(start, async (context) => {
    const id = await context.client.jobs.start(KIND);
    if (context.settings.json) context.printJson({ job: id });
    else context.print(`Started rebalance "${id}" (to monitor, run 'ais show rebalance').`);
  });
  const stop = group
    .command("stop")
    .summary("stop global rebalance")
    .option("-f, --force", "also while the objects of a node are being handed over");
  runtime.handle<{ readonly force?: boolean }>(stop, async (context, _words, options) => {
    const [running] = await context.client.jobs.statuses({ kind: KIND, onlyRunning: true });
    if (running === undefined) {
      if (context.settings.json) return context.printJson({ stopped: null });
      return context.print("Rebalance is not running");
    }
    await context.client.jobs.stop({ id: running.id }, options.force === true);
    if (context.settings.json) context.printJson({ stopped: running.id });
    else context.print(`Stopped rebalance[${running.id}]`);
  });
  rebalanceShowCommand(runtime, group, "show");
  return group;
}

async function show(
  context: CommandContext,
  words: readonly string[],
  { all, dateTime }: ShowOptions,
): Promise<void> {
  const id = words.find((word) => /^g\d+$/.test(word));
  const nodes = words.filter((word) => word !== id).map(nodeIdOf);
  const onlyRunning = all !== true && id === undefined;
  const snaps = (
    await context.client.jobs.snaps({ kind: KIND, onlyRunning, ...(id === undefined ? {} : { id }) })
  ).filter(({ targetId }) => nodes.length === 0 || nodes.includes(targetId));
  if (context.settings.json) return context.printJson(snaps);
  if (snaps.length === 0)
    return context.print(onlyRunning ? "Global rebalance is not running (see --all)" : "No rebalance");
  const sorted = snaps.toSorted(
    (left, right) => numberOf(left) - numberOf(right) || (left.targetId < right.targetId ? -1 : 1),
  );
  for (const message of new Set(sorted.map((snap) => `${snap.id}: ${snap.message}`)))
    if (!message.endsWith(": ")) context.print(message);
  const { units } = context.settings;
  context.printTable(
    COLUMNS,
    sorted.map((snap) => row(snap, units, dateTime === true)),
  );
  for (const group of byId(sorted)) {
    const objects = group.reduce((sum, { sentObjects }) => sum + sentObjects, 0);
    const bytes = group.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    if (objects > 0)
      context.print(`${group[0]?.id}: ${objects} objects migrated (total size ${formatSize(bytes, units)})`);
    for (const snap of group) if (snap.error !== "") context.print(`t[${snap.targetId}]: ${snap.error}`);
  }
}

function numberOf({ id }: JobSnap): number {
  return Number(id.slice(1));
}

function byId(snaps: readonly JobSnap[]): readonly (readonly JobSnap[])[] {
  return [...new Set(snaps.map(({ id }) => id))].map((id) => snaps.filter((snap) => snap.id === id));
}

function row(snap: JobSnap, units: Units, withDate: boolean): readonly string[] {
  const time = (text: string): string => text.slice(withDate ? 0 : 11, 19).replace("T", " ");
  return [
    snap.id,
    `t[${snap.targetId}]`,
    String(snap.sentObjects),
    formatSize(snap.sentBytes, units),
    String(snap.receivedObjects),
    formatSize(snap.receivedBytes, units),
    time(snap.startTime),
    snap.endTime === "" ? "-" : time(snap.endTime),
    snap.isAborted ? "Aborted" : snap.endTime === "" ? "Running" : "Finished",
  ];
}
