/** The command tree. */
import { AIS_VERSION } from "@ais/wire/version.ts";
import { Command, CommanderError, Option } from "commander";
import { normalizeArguments } from "./argv.ts";
import { aliasCommands } from "./commands/alias.ts";
import { bucketCopyCommand } from "./commands/bucket-copy.ts";
import { bucketCreateCommand } from "./commands/bucket-create.ts";
import { listCommand } from "./commands/bucket-ls.ts";
import { bucketMoveCommand } from "./commands/bucket-move.ts";
import {
  bucketLruCommand,
  bucketPropsResetCommand,
  bucketPropsSetCommand,
  bucketPropsShowCommand,
} from "./commands/bucket-props.ts";
import { bucketRemoveCommand } from "./commands/bucket-rm.ts";
import {
  clusterDecommissionCommand,
  clusterPrimaryCommand,
  clusterShutdownCommand,
} from "./commands/cluster-control.ts";
import { clusterMembershipCommand } from "./commands/cluster-membership.ts";
import { advancedCommands, resetStatsCommand } from "./commands/cluster-nodes.ts";
import { COMPLETE_COMMAND, completionCommand } from "./commands/completion.ts";
import {
  configClusterCommand,
  configNodeCommand,
  resetConfigCommand,
  showConfigCommand,
} from "./commands/config.ts";
import { configCliCommands } from "./commands/config-cli.ts";
import { jobStopCommand, jobWaitCommand } from "./commands/job-control.ts";
import { jobShowCommand } from "./commands/job-show.ts";
import { jobStartCommand, storageCleanupCommand } from "./commands/job-start.ts";
import { logGetCommand, logShowCommand } from "./commands/log.ts";
import { multipartUploadCommand } from "./commands/multipart-upload.ts";
import { checkLockCommand, objectMoveCommand, objectSetCustomCommand } from "./commands/object-change.ts";
import { objectConcatCommand } from "./commands/object-concat.ts";
import { objectCatCommand, objectGetCommand } from "./commands/object-get.ts";
import { objectPromoteCommand } from "./commands/object-promote.ts";
import { objectPutCommand } from "./commands/object-put.ts";
import { objectRemoveCommand } from "./commands/object-rm.ts";
import { objectShowCommand } from "./commands/object-show.ts";
import { performanceCommand, storageDiskCommands } from "./commands/performance.ts";
import { clusterRebalanceCommand, rebalanceShowCommand } from "./commands/rebalance.ts";
import { showClusterCommand } from "./commands/show-cluster.ts";
import { showDashboardCommand } from "./commands/show-dashboard.ts";
import { showStorageCommand } from "./commands/show-storage.ts";
import { showTracingCommand } from "./commands/show-tracing.ts";
import { storageCheckCommand } from "./commands/storage-check.ts";
import { storageRebuildCommand } from "./commands/storage-rebuild.ts";
import { storageReplaceCommand } from "./commands/storage-replace.ts";
import { storageScrubCommand } from "./commands/storage-scrub.ts";
import { storageSummaryCommand } from "./commands/storage-summary.ts";
import { traceDiffCommand } from "./commands/trace-diff.ts";
import { traceInFlightCommand } from "./commands/trace-inflight.ts";
import { traceListCommand } from "./commands/trace-ls.ts";
import { traceRuleCommand } from "./commands/trace-rule.ts";
import { traceShowCommand } from "./commands/trace-show.ts";
import { traceTailCommand } from "./commands/trace-tail.ts";
import { traceTestCommand } from "./commands/trace-test.ts";
import { expandAlias } from "./config/aliases.ts";
import { type Aliases, loadCliConfig } from "./config/cli-config.ts";
import { Runtime } from "./context.ts";
import { addDefaultAliases, aliasesHelp } from "./default-aliases.ts";
import { EXIT } from "./errors.ts";
import type { CliIo } from "./io.ts";
import { makeColors } from "./output/colors.ts";
import { UNITS } from "./output/units.ts";

const ENVIRONMENT_HELP = `
Environment:
  AIS_ENDPOINT         URL of any proxy (default: http://127.0.0.1:8080)
  AIS_TRACE_ENDPOINT   Jaeger-compatible query API of "ais trace" (default: http://localhost:16686)
  AIS_TRACE_OTLP       OTLP/HTTP receiver for the spans of --trace (default: http://localhost:4318/v1/traces)
  AIS_AUTHN_TOKEN      token to send with every request
  AIS_SKIP_VERIFY_CRT  true: any certificate of the cluster will do
  NO_COLOR             no colours

Endpoint, certificates, colours and aliases may be kept: see "ais config cli --help" and "ais alias --help".`;

/** Runs one command line; the exit status. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const config = loadCliConfig(io.env);
  const runtime = new Runtime(io, config);
  const program = buildProgram(runtime);
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(preparedArguments(argv, program, config.aliases), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      runtime.fail(error);
    } else if (error.exitCode !== 0) {
      return EXIT.usage;
    }
  }
  return runtime.exitCode;
}

/** Words to complete are nothing to parse. */
function preparedArguments(argv: readonly string[], program: Command, aliases: Aliases): readonly string[] {
  const [first, ...words] = argv;
  return first === COMPLETE_COMMAND
    ? [first, "--", ...words]
    : expandAlias(normalizeArguments(argv, program), program, aliases);
}

export function buildProgram(runtime: Runtime): Command {
  const { io } = runtime;
  const program = new Command("ais");
  program
    .description("Manage and use AIStore clusters")
    .version(AIS_VERSION, "--version", "show the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help of a command")
    .option("--endpoint <url>", "URL of any proxy of the cluster")
    .option("-j, --json", "JSON output")
    .option("-H, --no-headers", "tables without headers")
    .option("-y, --yes", "assume yes to all questions")
    .option("--trace", "trace this command, print the trace id and the waterfall")
    .addOption(
      new Option("--units <units>", "sizes as 8.15KiB (iec, default), 8.35KB (si) or 8345 (raw)").choices(
        UNITS,
      ),
    )
    .option("--no-color", "no colours")
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .addHelpText("after", ENVIRONMENT_HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
      outputError(text, write) {
        const colors = makeColors(io.stderrIsTerminal && !io.env.NO_COLOR);
        write(text.replace(/^error:/, colors.red("Error:")));
      },
    });
  addDataCommands(program, runtime);
  addClusterCommands(program, runtime);
  aliasCommands(runtime, program);
  completionCommand(runtime, program);
  program.addHelpText("after", () => aliasesHelp(runtime, program));
  runtime.handle(program.command("version").summary("show the version"), async (context) => {
    if (context.settings.json) context.printJson({ version: AIS_VERSION });
    else context.print(`version ${AIS_VERSION}`);
  });
  return program;
}

function addDataCommands(program: Command, runtime: Runtime): void {
  const bucket = program.command("bucket").summary("create, list, configure and remove buckets");
  bucketCreateCommand(runtime, bucket);
  listCommand(runtime, bucket);
  bucketRemoveCommand(runtime, bucket, "rm");
  bucketCopyCommand(runtime, bucket);
  bucketMoveCommand(runtime, bucket, "mv");
  bucketPropsShowCommand(runtime, bucket, "show");
  const props = bucket.command("props").summary("show, set and reset bucket properties");
  bucketPropsShowCommand(runtime, props, "show");
  bucketPropsSetCommand(runtime, props);
  bucketPropsResetCommand(runtime, props);

  bucketLruCommand(runtime, bucket);
  storageSummaryCommand(runtime, bucket);

  const object = program.command("object").summary("put, get, show and remove objects");
  objectPutCommand(runtime, object);
  objectGetCommand(runtime, object);
  objectCatCommand(runtime, object);
  objectRemoveCommand(runtime, object, "rm");
  objectPromoteCommand(runtime, object);
  objectShowCommand(runtime, object, "show");
  listCommand(runtime, object);
  bucketCopyCommand(runtime, object);
  objectMoveCommand(runtime, object);
  objectSetCustomCommand(runtime, object);
  objectConcatCommand(runtime, object);
  multipartUploadCommand(runtime, object, "multipart-upload");

  addDefaultAliases(runtime, program);
  objectPromoteCommand(runtime, program);
  bucketMoveCommand(runtime, program, "mv");
}

function addClusterCommands(program: Command, runtime: Runtime): void {
  const show = program
    .command("show")
    .summary("show the cluster, storage, buckets, objects, configuration, tracing");
  showClusterCommand(runtime, show, "cluster");
  showDashboardCommand(runtime, show);
  bucketPropsShowCommand(runtime, show, "bucket");
  objectShowCommand(runtime, show, "object");
  showConfigCommand(runtime, show, "config");
  showStorageCommand(runtime, show);
  showTracingCommand(runtime, show);
  jobShowCommand(runtime, show, "job");
  rebalanceShowCommand(runtime, show, "rebalance");
  performanceCommand(runtime, show, "performance");
  performanceCommand(runtime, program, "performance");

  const cluster = program
    .command("cluster")
    .summary("show the cluster, add and remove nodes, change the primary");
  showClusterCommand(runtime, cluster, "show");
  showDashboardCommand(runtime, cluster);
  clusterRebalanceCommand(runtime, cluster);
  clusterPrimaryCommand(runtime, cluster);
  clusterShutdownCommand(runtime, cluster);
  clusterDecommissionCommand(runtime, cluster);
  clusterMembershipCommand(runtime, cluster);
  resetStatsCommand(runtime, cluster);

  const log = program.command("log").summary("show and store logs of nodes");
  logShowCommand(runtime, log, "show");
  logShowCommand(runtime, show, "log");
  logGetCommand(runtime, log);
  const advanced = program.command("advanced").summary("for development and special occasions");
  advancedCommands(runtime, advanced);
  checkLockCommand(runtime, advanced);

  const config = program.command("config").summary("show and change configuration");
  configClusterCommand(runtime, config);
  configNodeCommand(runtime, config);
  resetConfigCommand(runtime, config);
  showConfigCommand(runtime, config, "show");
  configCliCommands(runtime, config);

  const job = program.command("job").summary("show, start, stop and wait for jobs");
  jobShowCommand(runtime, job, "show");
  jobStartCommand(runtime, job);
  jobStopCommand(runtime, job);
  jobWaitCommand(runtime, job);

  const storage = program.command("storage").summary("sum up, check, scrub and restore what targets store");
  storageSummaryCommand(runtime, storage);
  storageDiskCommands(runtime, storage);
  storageCleanupCommand(runtime, storage, "cleanup");
  storageCheckCommand(runtime, storage);
  storageScrubCommand(runtime, storage);
  storageRebuildCommand(runtime, storage);
  storageReplaceCommand(runtime, storage);

  const trace = program.command("trace").summary("find traces, watch requests, test the export");
  traceListCommand(runtime, trace);
  traceShowCommand(runtime, trace);
  traceDiffCommand(runtime, trace);
  traceRuleCommand(runtime, trace);
  traceInFlightCommand(runtime, trace);
  traceTailCommand(runtime, trace);
  traceTestCommand(runtime, trace);
}
