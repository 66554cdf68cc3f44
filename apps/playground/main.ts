import { errorText } from "@ais/base/errors.ts";
import { demo } from "./demo.ts";
import { deploy } from "./deploy.ts";
import { playgroundDir, running, StateFile } from "./state.ts";
import { clean, kill } from "./stop.ts";
import { table } from "./table.ts";

const stateFile = new StateFile(playgroundDir(process.env));

const COMMANDS: Readonly<Record<string, () => void | Promise<void>>> = {
  deploy: () => deploy(stateFile, process.env),
  demo: () => demo(stateFile, process.env),
  kill: () => kill(stateFile),
  clean: () => clean(stateFile),
  status() {
    const rows = running(stateFile.read()).map((p) => [p.folder, p.kind, String(p.identity.pid), p.url]);
    console.log(
      rows.length === 0 ? "playground: nothing is running" : table(["NODE", "ROLE", "PID", "URL"], rows),
    );
  },
};

const command = COMMANDS[process.argv[2] ?? ""];
if (command === undefined) {
  console.error(`usage: playground ${Object.keys(COMMANDS).join("|")}`);
  process.exit(2);
}
try {
  await command();
  process.exit(0);
} catch (error) {
  console.error(`playground: ${errorText(error)}`);
  process.exit(1);
}
