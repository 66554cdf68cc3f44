/** `ais start`, `ais storage cleanup` and its alias `ais space-cleanup`. */
import type { StartOptions } from "@ais/client/job-api.ts";
import { type Bck, bucketCname } from "@ais/wire/bck.ts";
import { findJobKind, type JobKind, jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import { JOB_FLAGS } from "@ais/wire/jobs/job-query.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { waitForJob } from "../jobs/follow-job.ts";
import { parseIntervalValue } from "../refresh.ts";
import { parseBucketUri } from "../uri.ts";

interface WaitOptions {
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
}

interface CleanupOptions extends WaitOptions {
  readonly force?: boolean;
  readonly rmZeroSize?: boolean;
  readonly keepMisplaced?: boolean;
}

interface Options extends CleanupOptions {
  readonly buckets?: string;
}

const STARTABLE = "rebalance, lru or cleanup";
const FORCE_QUESTION = "Evict objects of these buckets whatever their lru.enabled says?";

export function jobStartCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("start")
    .summary("start a job")
    .argument("<kind>", STARTABLE)
    .argument("[bucket]", "such as ais://nnn; all buckets when left out")
    .option("--buckets <names>", "lru: comma-separated buckets");
  withCleanupOptions(command).option("-f, --force", "lru: evict from the named buckets, caches or not");
  return runtime.handle<Options>(command, async (context, [name, bucketWord], options) => {
    const kind = findJobKind(String(name));
    if (kind === null || jobEntry(kind).startable !== true)
      throw new UsageError(`"${name}" is no kind of job that can be started, expecting ${STARTABLE}`);
    if (options.buckets !== undefined && listed(options.buckets).length === 0)
      throw new UsageError("--buckets names no bucket");
    const words = [...(bucketWord === undefined ? [] : [String(bucketWord)]), ...listed(options.buckets)];
    const buckets = words.map(parseBucketUri);
    refuseForeign(kind, options);
    if (kind === "lru" && options.force === true) {
      if (buckets.length === 0) throw new UsageError("--force takes the buckets to evict from");
      await context.requireYes(FORCE_QUESTION);
    }
    await start(context, kind, buckets, startOptions(options), options);
  });
}

export function storageCleanupCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name)
    .summary("remove what deleted objects and buckets have left")
    .argument("[bucket]", "where objects without content are to go; all buckets when left out");
  withCleanupOptions(command).option("-f, --force", "taken as AIStore does, changes nothing");
  return runtime.handle<CleanupOptions>(command, async (context, [word], options) => {
    const buckets = word === undefined ? [] : [parseBucketUri(String(word))];
    await start(context, "cleanup-store", buckets, startOptions(options), options);
  });
}

function withCleanupOptions(command: Command): Command {
  return command
    .option("--rm-zero-size", "cleanup: remove objects without content too")
    .option("--keep-misplaced", "cleanup: keep misplaced objects, which is always done")
    .option("--wait", "wait for the end")
    .option("--timeout <time>", "wait at most this long", parseIntervalValue);
}

function listed(names = ""): readonly string[] {
  return names.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
}

function refuseForeign(kind: JobKind, options: Options): void {
  const isCleanup = kind === "cleanup-store";
  const foreign = [
    ["--buckets", kind !== "lru" && options.buckets !== undefined],
    ["--rm-zero-size", !isCleanup && options.rmZeroSize === true],
    ["--keep-misplaced", !isCleanup && options.keepMisplaced === true],
    ["--force", kind !== "lru" && !isCleanup && options.force === true],
  ] as const;
  const found = foreign.find(([, isGiven]) => isGiven);
  if (found !== undefined) throw new UsageError(`${found[0]} is not for jobs of kind ${kind}`);
}

function startOptions({ force, rmZeroSize, keepMisplaced }: CleanupOptions): StartOptions {
  const flags =
    (rmZeroSize === true ? JOB_FLAGS.removeEmpty : 0) |
    (keepMisplaced === true ? JOB_FLAGS.keepMisplaced : 0);
  return { force: force === true, flags };
}

async function start(
  context: CommandContext,
  kind: JobKind,
  buckets: readonly Bck[],
  options: StartOptions,
  { wait, timeout }: WaitOptions,
): Promise<void> {
  const id = await context.client.jobs.start(kind, buckets, options);
  if (wait === true || timeout !== undefined) return waitForJob(context, id, timeout);
  const what = buckets.length === 0 ? "" : ` of ${buckets.map(bucketCname).join(", ")}`;
  if (context.settings.json) context.printJson({ job: id });
  else context.print(`Started ${kind}[${id}]${what}. To monitor the progress, run 'ais show job ${id}'`);
}
