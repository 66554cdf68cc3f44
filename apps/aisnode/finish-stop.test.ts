/** What is left of a node that was decommissioned. */
import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNodeConfigs } from "@ais/node/node-config.ts";
import { resolveNodeId } from "@ais/node/node-id.ts";
import { memoryNode } from "@ais/node/testing/memory-member.ts";
import { memoryServices } from "@ais/node/testing/memory-services.ts";
import { finishStop } from "./finish-stop.ts";
import { parseOptions } from "./options.ts";

let directory: string;
let id: string;
const services = memoryServices(memoryNode("target", "targetone", 1));

const configDirectory = (): string => join(directory, "config");
const resolveId = (): Promise<string> => resolveNodeId({ env: {}, confdir: configDirectory() });

async function ownLevel(): Promise<string | null> {
  using configs = await openNodeConfigs({ ...services, directory: configDirectory() });
  return configs.own("log.level");
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "finish-stop-"));
  mkdirSync(join(directory, "mp"));
  id = await resolveId();
  using configs = await openNodeConfigs({ ...services, directory: configDirectory() });
  await configs.set({ "log.level": "5" }, false);
});

afterEach(() => rmSync(directory, { recursive: true }));

test.each([
  [true, false, "forgets its id and its own settings", false],
  [true, true, "keeps both when it is to keep its configuration", true],
  [false, false, "keeps both with its data", true],
])("data removed %p, configuration kept %p: %s", async (removeUserData, keepInitialConfig, _, isKept) => {
  const { options } = parseOptions(
    [
      "--role=target",
      `--config-dir=${configDirectory()}`,
      `--mountpath=${join(directory, "mp")}`,
      `--coordinator=sqlite:${join(directory, "cluster.db")}`,
    ],
    {},
  );
  using said = spyOn(process.stdout, "write").mockReturnValue(true);
  await finishStop(
    { reason: "decommission-node", removeUserData, keepInitialConfig, staysUp: false },
    options,
  );
  expect(said).toHaveBeenCalledTimes(1);
  expect(await ownLevel()).toBe(isKept ? "5" : null);
  expect((await resolveId()) === id).toBe(isKept);
});
