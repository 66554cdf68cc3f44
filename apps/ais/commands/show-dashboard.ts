/** `ais show dashboard`, which is also `ais cluster dashboard`: performance and health, then the summary of the cluster. */
import { sleep } from "@ais/base/lifecycle.ts";
import { allNodes, type Smap } from "@ais/wire/smap.ts";
import type { Command } from "commander";
import { dashboardLines, dashboardOf, type Look } from "../cluster/dashboard.ts";
import { healthDetails } from "../cluster/health.ts";
import { fetchNodeStates } from "../cluster/node-states.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { type RefreshOptions, showRepeatedly, withRefreshOptions } from "../refresh.ts";
import { printSummary, printTitled } from "./show-cluster.ts";

interface Options extends RefreshOptions {
  readonly verbose?: boolean;
}

/** Between the two looks that throughput needs, unless `--refresh` says otherwise. */
const INTERVAL_MS = 1000;

export function showDashboardCommand(runtime: Runtime, parent: Command): void {
  const command = parent
    .command("dashboard")
    .summary("show performance, health, capacity and versions at a glance")
    .description(
      "Show performance and health, and a summary of the cluster. Throughput is of one second, or with --refresh of that time.",
    )
    .option("-v, --verbose", "which nodes report what");
  runtime.handle<Options>(withRefreshOptions(command), async (context, _words, options) => {
    let before = await look(context);
    await sleep(options.refresh ?? INTERVAL_MS, context.io.signal);
    await showRepeatedly(context, options, async () => {
      context.io.signal.throwIfAborted();
      const now = await look(context);
      await show(context, before, now, options.verbose === true);
      before = now;
    });
  });
}

interface ClusterLook extends Look {
  readonly smap: Smap;
}

async function look({ client }: CommandContext): Promise<ClusterLook> {
  const smap = await client.cluster.smap();
  const states = await fetchNodeStates(client, smap, allNodes(smap));
  return { atMs: performance.now(), smap, states };
}

async function show(
  context: CommandContext,
  before: ClusterLook,
  now: ClusterLook,
  isVerbose: boolean,
): Promise<void> {
  const { client, colors, settings } = context;
  const jobs = (await client.jobs.snaps({ onlyRunning: true })).filter(({ isIdle }) => !isIdle);
  const board = dashboardOf(
    before,
    now,
    jobs.map(({ kind }) => kind),
  );
  if (settings.json) return context.printJson(board);
  printTitled(context, "Performance and Health:", dashboardLines(board, settings.units));
  const details = healthDetails(board.health);
  if (details.length > 0 && !isVerbose) context.print(colors.yellow("   (--verbose names the nodes)"));
  if (isVerbose) {
    context.print("");
    if (details.length === 0) context.print(colors.green("All nodes operational"));
    else printTitled(context, "Health of Nodes:", details);
  }
  await printSummary(context, now.smap, now.states);
}
