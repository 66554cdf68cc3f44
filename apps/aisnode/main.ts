/** `aisnode`: one proxy or one target, or one of the processes that it is made of. */
import { errorText } from "@ais/base/errors.ts";
import { AIS_VERSION } from "@ais/wire/version.ts";
import { readBuildInfo, versionText } from "./build-info.ts";
import { helpText, OptionError, parseOptions } from "./options.ts";
import { runNode } from "./run-node.ts";
import { isWorker, runWorker } from "./run-worker.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

async function main(): Promise<number> {
  try {
    const parsed = parseOptions(process.argv.slice(2), process.env);
    if (parsed.options.help) process.stdout.write(helpText());
    else if (parsed.options.version)
      process.stdout.write(`${versionText(AIS_VERSION, await readBuildInfo())}\n`);
    else if (isWorker(process.env)) await runWorker(parsed, process.env);
    else await runNode(parsed, process.env);
    return 0;
  } catch (error) {
    process.stderr.write(`aisnode: ${errorText(error)}\n`);
    return error instanceof OptionError ? EXIT_USAGE : EXIT_FAILURE;
  }
}

// Everything is flushed by now; what is left are idle handles such as kept-alive connections to other nodes.
process.exit(await main());
