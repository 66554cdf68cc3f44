/** `ais trace rule`: which requests are sampled more, or less, than the cluster's probability says (tracing.md 5). */
import { randomBytes } from "node:crypto";
import { formatDurationMs } from "@ais/base/units.ts";
import { asJsonObject, textAt, valueAt } from "@ais/client/json-view.ts";
import { expiryMs, type SamplingRule } from "@ais/wire/sampling-rules.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import {
  parseDurationValue,
  parseShareValue,
  parseSizeValue,
  type SizeValue,
  sizeOf,
} from "../option-values.ts";

interface AddOptions {
  readonly bucket?: string;
  readonly operation?: string;
  readonly minSize?: SizeValue;
  readonly user?: string;
  readonly probability: number;
  readonly for?: number;
  readonly id?: string;
  readonly first?: boolean;
}

interface RemoveOptions {
  readonly all?: boolean;
}

const RULES = "tracing.rules";
const ID_BYTES = 3;
const COLUMNS = ["ID", "BUCKET", "OPERATION", "MIN SIZE", "USER", "PROBABILITY", "TIME LEFT"];

export function traceRuleCommand(runtime: Runtime, parent: Command): Command {
  const rule = parent.command("rule").summary("sample some requests more, or less, than the others");
  addCommand(runtime, rule);
  listCommand(runtime, rule);
  removeCommand(runtime, rule);
  return rule;
}

function addCommand(runtime: Runtime, parent: Command): void {
  const command = parent
    .command("add")
    .summary("add a rule, or replace the one of the same id")
    .description(
      "Sample the requests that meet every condition given, with this probability. Of several rules the first that matches decides; a new one is the last unless --first is given.",
    )
    .option("--bucket <bucket>", "such as ais://nnn, or ais://train-* for every name that begins so")
    .option("--operation <name>", "such as object.get, object.put, object.list")
    .option("--min-size <size>", "least size of the object of a PUT, such as 1MiB", parseSizeValue)
    .option("--user <name>", "whom the request's token names; the token is not verified")
    .option("--probability <share>", "from 0 to 1", parseShareValue, 1)
    .option("--for <time>", "how long, such as 5m; without it until the rule is removed", parseDurationValue)
    .option("--id <id>", "name of the rule; a random one when left out")
    .option("--first", "ask this rule before the others");
  runtime.handle<AddOptions>(command, async (context, _, options) => {
    const id = options.id ?? randomBytes(ID_BYTES).toString("hex");
    const rule = {
      id,
      bucket: options.bucket,
      operation: options.operation,
      min_size: options.minSize === undefined ? undefined : sizeOf(options.minSize, context.settings),
      user: options.user,
      probability: options.probability,
      for: options.for === undefined ? undefined : formatDurationMs(options.for),
      first: options.first,
    };
    await context.client.cluster.setClusterConfig({ [`${RULES}.${id}`]: JSON.stringify(rule) });
    const tracing = await tracingSection(context);
    if (context.settings.json)
      return context.printJson(rulesOf(tracing).find((each) => each.id === id) ?? {});
    context.print(`rule "${id}" added${rule.for === undefined ? "" : `, for ${rule.for}`}`);
    noteWithoutEffect(context, tracing);
  });
}

function listCommand(runtime: Runtime, parent: Command): void {
  const command = parent.command("ls").summary("list the rules, in the order in which they are asked");
  runtime.handle(command, async (context) => {
    const tracing = await tracingSection(context);
    const rules = rulesOf(tracing);
    if (context.settings.json) return context.printJson(rules);
    if (rules.length > 0) {
      context.printTable(
        COLUMNS.map((name) => ({ name })),
        rules.map(row),
      );
    } else {
      context.print("No rules.");
    }
    const probability = textAt(tracing, "sampler_probability") || "1.0";
    context.print(`\nEverything else is sampled with probability ${probability}.`);
    noteWithoutEffect(context, tracing);
  });
}

function removeCommand(runtime: Runtime, parent: Command): void {
  const command = parent
    .command("rm")
    .summary("remove rules")
    .argument("[id...]", "ids of rules")
    .option("--all", "remove every rule");
  runtime.handle<RemoveOptions>(command, async (context, [argument], options) => {
    const ids = Array.isArray(argument) ? argument : [];
    if (ids.length > 0 === (options.all === true)) {
      throw new UsageError("expecting either the ids of rules, or --all; see: ais trace rule ls");
    }
    const change =
      options.all === true ? { [RULES]: "[]" } : Object.fromEntries(ids.map((id) => [`${RULES}.${id}`, ""]));
    await context.client.cluster.setClusterConfig(change);
    if (context.settings.json) return context.printJson(rulesOf(await tracingSection(context)));
    if (options.all === true) context.print("all rules removed");
    for (const id of ids) context.print(`rule "${id}" removed`);
  });
}

async function tracingSection(context: CommandContext): Promise<unknown> {
  return valueAt(await context.client.cluster.clusterConfig(), "tracing");
}

/** The cluster checked them when they were set. */
function rulesOf(tracing: unknown): readonly SamplingRule[] {
  const rules = asJsonObject(tracing)["rules"];
  return Array.isArray(rules) ? (rules as readonly SamplingRule[]) : [];
}

function row(rule: SamplingRule): readonly string[] {
  const { id, bucket = "-", operation = "-", min_size: minSize = "-", user = "-", probability } = rule;
  return [id, bucket, operation, minSize, user, String(probability), timeLeft(rule)];
}

/** By the clock of this machine; the nodes go by theirs. */
function timeLeft(rule: SamplingRule): string {
  const leftMs = expiryMs(rule) - Date.now();
  if (leftMs === Infinity) return "-";
  return leftMs <= 0 ? "expired" : formatDurationMs(Math.max(1, Math.round(leftMs / 1000)) * 1000);
}

function noteWithoutEffect(context: CommandContext, tracing: unknown): void {
  if (textAt(tracing, "enabled") !== "true")
    context.note("Tracing is off: rules have an effect once tracing.enabled is true.");
  const namesUser = rulesOf(tracing).some(({ user }) => user !== undefined);
  if (namesUser && textAt(tracing, "trust_inbound") === "never")
    context.note(
      "Rules by user match no request while tracing.trust_inbound is never: tokens are not verified.",
    );
}
