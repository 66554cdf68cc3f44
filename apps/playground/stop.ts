import { unlinkCli } from "./link-cli.ts";
import { stopAll } from "./processes.ts";
import { running, type StateFile } from "./state.ts";

/** `make kill`: stops what the playground started, nothing else. */
export async function kill(stateFile: StateFile): Promise<void> {
  const processes = running(stateFile.read());
  if (processes.length === 0) {
    console.log("playground: nothing is running");
    return;
  }
  // Targets first: while proxies live, every one of them can still leave the cluster map.
  const order = ["target", "proxy", "aistrace"] as const;
  const killed = [];
  for (const kind of order)
    killed.push(...(await stopAll(processes.filter((started) => started.kind === kind))));
  await stateFile.update({ processes: running(stateFile.read()) });
  const forced =
    killed.length === 0 ? "" : `, ${killed.map((started) => started.folder).join(", ")} by force`;
  console.log(`playground: stopped ${processes.length} processes${forced}`);
}

/** `make clean`: stops as well, because data cannot be removed below running nodes. */
export async function clean(stateFile: StateFile): Promise<void> {
  if (running(stateFile.read()).length > 0) await kill(stateFile);
  const { cliLink, cliLinkBefore } = stateFile.read();
  const link = unlinkCli(cliLink, cliLinkBefore) ? ` and the link ${cliLink}` : "";
  stateFile.remove();
  console.log(`playground: removed ${stateFile.directory}${link}`);
}
