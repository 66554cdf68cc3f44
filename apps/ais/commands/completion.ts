/** `ais completion`, and `ais __complete`, which the shells call. */
import type { AisClient } from "@ais/client/ais-client.ts";
import { bucketCname, objectCname } from "@ais/wire/bck.ts";
import { allNodes } from "@ais/wire/smap.ts";
import { Argument, type Command } from "commander";
import { type Completion, complete, type Wanted } from "../completion.ts";
import { completionScript, FILES_MARK, SHELLS } from "../completion-scripts.ts";
import { expandAlias, findCommand, usableAliases } from "../config/aliases.ts";
import type { Runtime } from "../context.ts";
import { flatten } from "../pairs.ts";
import { parseUri } from "../uri.ts";

/** What shells call with the words typed so far. */
export const COMPLETE_COMMAND = "__complete";
/** More names than a person reads. */
const NAMES_MAX = 100;

export function completionCommand(runtime: Runtime, program: Command): void {
  const command = program
    .command("completion")
    .summary("print the completion script of a shell")
    .description("Print a completion script. For bash: source <(ais completion bash)")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(SHELLS));
  runtime.handle(command, async (context, [argument]) => {
    const shell = SHELLS.find((each) => each === argument) ?? "bash";
    context.io.out(completionScript(shell));
  });
  const hidden = program.command(COMPLETE_COMMAND, { hidden: true }).argument("[word...]");
  runtime.handle(hidden, async (context, [argument]) => {
    const words = Array.isArray(argument) ? argument : [];
    const typed = expandAlias(words.slice(0, -1), program, runtime.config.aliases);
    const found = complete(program, [...typed, words.at(-1) ?? ""]);
    const names = await clusterNames(context.client, found, words.at(-1) ?? "").catch(
      (): readonly string[] => [],
    );
    const aliases = aliasNames(runtime, program, found, typed.length === 0, words.at(-1) ?? "");
    for (const candidate of [...found.words, ...aliases, ...names]) context.print(candidate);
    if (found.wanted.includes("files")) context.print(FILES_MARK);
  });
}

/** Where a command or an alias is to follow; those that are commands of the tree are among these already. */
function aliasNames(
  { config }: Runtime,
  program: Command,
  { wanted }: Completion,
  isFirst: boolean,
  current: string,
): readonly string[] {
  if (!isFirst && !wanted.includes("aliases")) return [];
  return usableAliases(program, config.aliases)
    .map(([name]) => name)
    .filter((name) => name.startsWith(current) && !(isFirst && findCommand(program, [name]) !== null));
}

async function clusterNames(
  client: AisClient,
  found: Completion,
  current: string,
): Promise<readonly string[]> {
  const wants = (wanted: Wanted): boolean => found.wanted.includes(wanted);
  if (wants("nodes")) {
    const ids = allNodes(await client.cluster.smap()).map((node) => node.daemon_id);
    return ids.filter((id) => id.startsWith(current));
  }
  if (wants("settings")) {
    const names = flatten(await client.cluster.clusterConfig()).map(([name]) => `${name}=`);
    return names.filter((name) => name.startsWith(current)).sort();
  }
  const isObject = /^[a-z0-9]+:\/\/[^/]+\//.test(current);
  if (isObject) return wants("objects") ? objectNames(client, current) : [];
  if (!wants("buckets") && !wants("objects")) return [];
  const buckets = (await client.buckets.list()).map(bucketCname).filter((name) => name.startsWith(current));
  return wants("objects") ? buckets.map((name) => `${name}/`) : buckets;
}

async function objectNames(client: AisClient, current: string): Promise<readonly string[]> {
  const { bucket, objectName } = parseUri(current);
  const page = await client.objects.listPage(bucket, {
    prefix: objectName,
    noRecursion: true,
    pageSize: NAMES_MAX,
  });
  return page.entries.map((entry) => objectCname(bucket, entry.name));
}
