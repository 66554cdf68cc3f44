import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyConfigPatch } from "@ais/wire/config-patch.ts";
import { type NodeConfigs, openNodeConfigs } from "./node-config.ts";
import { memoryNode } from "./testing/memory-member.ts";
import { type MemoryServices, memoryServices } from "./testing/memory-services.ts";

let directory: string;
let services: MemoryServices;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "node-config-"));
  services = memoryServices(memoryNode("target", "targetone", 1));
});

afterEach(() => rmSync(directory, { recursive: true }));

const open = (): Promise<NodeConfigs & Disposable> => openNodeConfigs({ ...services, directory });

function changeCluster(settings: Readonly<Record<string, string>>): void {
  services.member.changeConfig((config) => applyConfigPatch(config, settings));
  services.member.deliver("config");
}

test("a node's own settings stand over the cluster's, through restarts and changes of the cluster's", async () => {
  const first = await open();
  let changes = 0;
  first.onChange(() => changes++);
  await first.set({ "log.level": "5", "space.lowwm": "70" }, false);
  await first.set({ "log.level": "4" }, true);
  expect([first.own("log.level"), first.own("space.lowwm"), first.own("log.max_size")]).toEqual([
    "4",
    "70",
    null,
  ]);
  expect(changes).toBe(2);
  const second = await open();
  expect(second.inForce).toMatchObject({ log: { level: "5" }, space: { lowwm: 70 } });
  changeCluster({ "log.level": "2", "log.max_size": "1MiB" });
  expect(second.inForce.log).toMatchObject({ level: "5", max_size: "1MiB" });
  await second.reset();
  expect(second.inForce).toEqual(services.member.snapshot.config);
  expect((await open()).own("log.level")).toBeNull();
  expect(existsSync(join(directory, "config-override.json"))).toBe(false);
});

test("a setting that persists takes the place of a transient one", async () => {
  const configs = await open();
  await configs.set({ "log.level": "4" }, true);
  await configs.set({ "log.level": "5" }, false);
  expect(configs.inForce.log.level).toBe("5");
});

test("what is wrong changes nothing", async () => {
  const configs = await open();
  await configs.set({ "log.level": "4" }, false);
  for (const settings of [
    { "log.level": "nine" },
    { "no.such": "1" },
    { "mirror.copies": "2" },
    { "log.level": "5", uuid: "x" },
    { "space.lowwm": "99" },
  ]) {
    await expect(configs.set(settings, false)).rejects.toMatchObject({ code: "badRequest" });
  }
  await configs.set({ "log.stats_time": "1m" }, false);
  expect((await open()).inForce.log.level).toBe("4");
});

test("settings that are kept must do without the transient ones, which a restart forgets", async () => {
  const configs = await open();
  await configs.set({ "space.highwm": "94" }, true);
  // Below this node's mark of now, and above the one that it has after a restart.
  await expect(configs.set({ "space.lowwm": "92" }, false)).rejects.toMatchObject({ code: "badRequest" });
  expect([configs.own("space.lowwm"), configs.inForce.space.lowwm]).toEqual([null, 75]);
  await configs.set({ "space.lowwm": "92" }, true);
  expect(configs.inForce.space).toMatchObject({ lowwm: 92, highwm: 94 });
  expect((await open()).inForce).toEqual(services.member.snapshot.config);
});

test.each(["tracing.rules", "tracing.rules.slow"])("%s is a setting of the cluster", async (name) => {
  const configs = await open();
  for (const isTransient of [true, false]) {
    await expect(configs.set({ [name]: "[]" }, isTransient)).rejects.toThrow(
      `cannot change "${name}" of one node`,
    );
  }
  await configs.set({ "tracing.sampler_probability": "0.5" }, true);
  expect(configs.settings).toEqual({ "tracing.sampler_probability": "0.5" });
});

test("settings that no longer go with the cluster's leave those in force, and say so", async () => {
  const configs = await open();
  await configs.set({ "space.lowwm": "85" }, false);
  changeCluster({ "space.highwm": "80" });
  expect(configs.inForce.space).toMatchObject({ lowwm: 75, highwm: 80 });
  expect(services.logger.lines.some(({ level }) => level === "error")).toBe(true);
  changeCluster({ "space.highwm": "90" });
  expect(configs.inForce.space.lowwm).toBe(85);
});

test("a node with a broken file does not start", async () => {
  writeFileSync(join(directory, "config-override.json"), "{");
  await expect(open()).rejects.toThrow("config-override.json");
});
