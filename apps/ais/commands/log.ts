/** `ais log show`, `ais log get`. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { allNodes, nodeName, type Snode } from "@ais/wire/smap.ts";
import { type Command, InvalidArgumentError } from "commander";
import { requireNode } from "../cluster/node-states.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { openOutput, STDOUT_PATH } from "../output-file.ts";
import { type RefreshOptions, showRepeatedly, withRefreshOptions } from "../refresh.ts";

type Severity = "info" | "warning" | "error";

interface Options extends RefreshOptions {
  readonly severity?: Severity;
}

interface GetOptions extends Options {
  readonly all?: boolean;
}

const CLUSTER = "cluster";
const SEVERITIES: readonly Severity[] = ["info", "warning", "error"];

export function logShowCommand(runtime: Runtime, parent: Command, name: string): void {
  const command = parent.command(name).summary("show the log of a node").argument("<node>", "NODE_ID");
  runtime.handle<Options>(withOptions(command), async (context, [word], options) => {
    const node = await nodeOf(context, String(word));
    await showRepeatedly(
      context,
      options,
      follow(context, node, options, (text) => context.io.out(text)),
    );
  });
}

export function logGetCommand(runtime: Runtime, parent: Command): void {
  const command = parent
    .command("get")
    .summary("store the log of a node, or all logs of one node or of every node")
    .argument("<node>", `NODE_ID, or "${CLUSTER}": all logs of every node`)
    .argument(
      "[destination]",
      `file, directory, or - for standard output; of "${CLUSTER}" a directory; the working directory when left out`,
    )
    .option("--all", "every log that the node has, as a tar.gz");
  runtime.handle<GetOptions>(withOptions(command), async (context, [word, place], options) => {
    const destination = place === undefined ? "." : String(place);
    const isCluster = String(word) === CLUSTER;
    if (isCluster || options.all === true) {
      refuseWithArchive(context, options, destination);
      if (isCluster) await requireDirectory(destination);
      const nodes = isCluster
        ? allNodes(await context.client.cluster.smap())
        : [await nodeOf(context, String(word))];
      for (const node of nodes) {
        const name = archiveName(node);
        const path = isCluster ? join(destination, name) : await pathIn(destination, name);
        await storeArchive(context, node, path);
      }
      return;
    }
    await storeLog(context, await nodeOf(context, String(word)), destination, options);
  });
}

function withOptions(command: Command): Command {
  return withRefreshOptions(command).option(
    "--severity <level>",
    "info, warning or error: nothing less severe (also i, w, e)",
    (text) => {
      const found = SEVERITIES.find((level) => text !== "" && level.startsWith(text.toLowerCase()));
      if (found === undefined) throw new InvalidArgumentError("Expecting info, warning or error.");
      return found;
    },
  );
}

function refuseWithArchive(
  { io }: CommandContext,
  { severity, refresh }: GetOptions,
  destination: string,
): void {
  if (severity !== undefined || refresh !== undefined)
    throw new UsageError("an archive has everything: it takes neither --severity nor --refresh");
  if (destination === STDOUT_PATH && io.stdoutIsTerminal)
    throw new UsageError("an archive is nothing for a terminal");
}

/** One that is not there yet is made. */
async function requireDirectory(destination: string): Promise<void> {
  const isOther = (await stat(destination).catch(() => null))?.isDirectory() === false;
  if (destination === STDOUT_PATH || isOther)
    throw new UsageError(`the logs of every node take a directory, which "${destination}" is not`);
}

function archiveName({ daemon_type, daemon_id }: Snode): string {
  return `ais-${daemon_type}-${daemon_id}.tar.gz`;
}

async function nodeOf({ client }: CommandContext, word: string): Promise<Snode> {
  return requireNode(await client.cluster.smap(), word);
}

/** What was shown last is looked for by so much of its end. */
const TAIL_CHARS = 4096;

/**
 * Reads what has come since the last time. A node sends the end of its log, as much of it as it sends at once, and of some
 * lines only, so that what is new is what stands after the end of what was there before; all of it after a rotation.
 */
function follow(
  { client, io }: CommandContext,
  node: Snode,
  { severity = "info" }: Options,
  write: (text: string) => void | Promise<void>,
): () => Promise<void> {
  let tail = "";
  return async () => {
    const text = await client.cluster.nodeLog(node.daemon_id, severity, io.signal);
    const knownUntil = tail === "" ? 0 : text.lastIndexOf(tail) + tail.length;
    await write(text.includes(tail) ? text.slice(knownUntil) : text);
    tail = text.slice(-TAIL_CHARS);
  };
}

async function storeLog(
  context: CommandContext,
  node: Snode,
  destination: string,
  options: GetOptions,
): Promise<void> {
  const path = await pathIn(destination, `ais-${node.daemon_type}-${node.daemon_id}.log`);
  const { io } = context;
  if (path === STDOUT_PATH && io.stdoutIsTerminal) {
    // By the way that shows a terminal no control characters.
    await showRepeatedly(
      context,
      options,
      follow(context, node, options, (text) => io.out(text)),
    );
    return;
  }
  const output = await openOutput(path, io);
  let hasCollected = false;
  let ending: { readonly error: unknown } | null;
  try {
    const read = follow(context, node, options, async (text) => {
      await output.write(new TextEncoder().encode(text));
      hasCollected = true;
    });
    ending = await showRepeatedly(context, options, read).then(
      () => null,
      (error: unknown) => {
        // Ctrl-C, or the end of the node, is how following ends: what it brought until then is what was wanted.
        if (!hasCollected) throw error;
        return { error };
      },
    );
    await output.commit();
  } catch (error) {
    await output.discard();
    throw error;
  }
  report(context, node, path);
  if (ending !== null) throw ending.error;
}

async function storeArchive(context: CommandContext, node: Snode, path: string): Promise<void> {
  const output = await openOutput(path, context.io);
  try {
    for await (const bytes of await context.client.cluster.nodeLogArchive(node.daemon_id))
      await output.write(bytes);
    await output.commit();
  } catch (error) {
    await output.discard();
    throw error;
  }
  report(context, node, path);
}

async function pathIn(destination: string, name: string): Promise<string> {
  if (destination === STDOUT_PATH) return destination;
  const isDirectory =
    destination.endsWith("/") || (await stat(destination).catch(() => null))?.isDirectory() === true;
  return isDirectory ? join(destination, name) : destination;
}

function report(context: CommandContext, node: Snode, path: string): void {
  if (path === STDOUT_PATH) return;
  if (context.settings.json) context.printJson({ node: node.daemon_id, file: path });
  else context.print(`${nodeName(node)}: ${path}`);
}
