/** `ais show storage`: every mountpath, how full it is, and whether that is a problem. */
import { asJsonObject, numberAt, textAt, valueAt } from "@ais/client/json-view.ts";
import type { Command } from "commander";
import { fetchNodeStates, type NodeState, nodeIdOf, ONLINE } from "../cluster/node-states.ts";
import type { Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { formatSize, type Units } from "../output/units.ts";

const COLUMNS = ["TARGET", "MOUNTPATH", "USED(%)", "USED", "AVAIL", "FILE SYSTEM"];
const UNKNOWN = "-";

export function showStorageCommand(runtime: Runtime, parent: Command): void {
  const command = parent
    .command("storage")
    .summary("show the mountpaths of targets and their space")
    .argument("[target]", "TARGET_ID");
  runtime.handle(command, async (context, [chosen]) => {
    const smap = await context.client.cluster.smap();
    const id = chosen === undefined ? "" : nodeIdOf(String(chosen));
    const targets = Object.values(smap.tmap).filter((node) => id === "" || node.daemon_id === id);
    if (id !== "" && targets.length === 0) throw new UsageError(`no target "${id}" in the cluster`);
    const states = await fetchNodeStates(context.client, smap, targets);
    if (context.settings.json) {
      return context.printJson(
        Object.fromEntries(states.map(({ snode, status }) => [snode.daemon_id, valueAt(status, "capacity")])),
      );
    }
    context.printTable(
      COLUMNS.map((name) => ({ name })),
      states.flatMap((state) => mountpathRows(state, context.settings.units)),
    );
    for (const { snode, status } of states) {
      const alert = textAt(status, "capacity.cs_err");
      if (alert !== "") context.print(context.colors.yellow(`t[${snode.daemon_id}]: ${alert}`));
    }
  });
}

function mountpathRows({ snode, state, status }: NodeState, units: Units): readonly (readonly string[])[] {
  const title = `t[${snode.daemon_id}]`;
  if (state !== ONLINE) return [[title, state, ...COLUMNS.slice(2).map(() => UNKNOWN)]];
  return Object.entries(asJsonObject(valueAt(status, "capacity.mountpaths"))).map(([path, usage]) => [
    title,
    path,
    `${numberAt(usage, "pct_used")}%`,
    formatSize(numberAt(usage, "used"), units),
    formatSize(numberAt(usage, "avail"), units),
    `${textAt(usage, "fs.Fs")}(${textAt(usage, "fs.FsType")})`,
  ]);
}
