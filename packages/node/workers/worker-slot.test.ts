import { expect, test } from "bun:test";
import { memoryNode } from "../testing/memory-member.ts";
import { memoryServices } from "../testing/memory-services.ts";
import { plainHost } from "./worker-host.ts";
import { WorkerSlot } from "./worker-slot.ts";

/** A worker in a process of its own that speaks as much of the protocol as the script says. */
function slotOf(script: string) {
  const { logger } = memoryServices(memoryNode("proxy", "proxyone", 1));
  const host = { ...plainHost(() => ({ status: 200, headers: [], body: null })), log() {} };
  const slot = new WorkerSlot({
    number: 1,
    command: { program: process.execPath, args: ["-e", script], env: { PATH: process.env["PATH"] } },
    logger,
    start: () => ({
      number: 1,
      processCount: 2,
      nodeId: "n",
      port: 1,
      clusterUuid: "c",
      verbosity: "3",
      settings: {},
    }),
    onWatched: async () => false,
    onReady() {},
    onTailed() {},
  });
  return { slot, host, logger };
}

const ANSWERS = `
process.on("message", (message) => {
  if (message.name === "start") process.send({ kind: "answer", id: message.id, value: { runs: new Map() } });
  if (message.name === "stop" && !STUBBORN) process.exit(0);
});`;

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error("it did not come to be in 10 s");
    await Bun.sleep(5);
  }
}

test("a worker that ends at its start is started again, less and less often, and what waits for it goes on", async () => {
  const { slot, host, logger } = slotOf("process.exit(3)");
  let isSettled = false;
  const running = slot.run(host, () => {
    isSettled = true;
  });
  await until(() => slot.restarts >= 4);
  expect([isSettled, slot.serving]).toEqual([true, null]);
  await slot.stop(1000);
  await running;
  const ends = logger.lines.filter(({ message }) => message.startsWith("a worker process ended"));
  expect(ends.length).toBeGreaterThanOrEqual(4);
  expect(ends[0]?.fields).toEqual({ worker: 1, ended: "with status 3" });
  expect(logger.lines.find(({ message }) => message === "failed to start a worker process")).toBeDefined();
});

test("a worker that is killed is replaced; one that is asked to end ends, and is not", async () => {
  const { slot, host } = slotOf(`const STUBBORN = false;${ANSWERS}`);
  const running = slot.run(host, () => {});
  await until(() => slot.serving !== null);
  const first = slot.serving?.pid ?? 0;
  process.kill(first, "SIGKILL");
  await until(() => slot.serving !== null && slot.serving.pid !== first);
  expect(slot.restarts).toBe(1);
  expect(await slot.stop(5000)).toBe(true);
  await running;
  expect([slot.restarts, slot.process]).toEqual([1, null]);
});

test("a worker that does not end in time is made to", async () => {
  const { slot, host } = slotOf(`const STUBBORN = true;${ANSWERS}`);
  const running = slot.run(host, () => {});
  await until(() => slot.serving !== null);
  const pid = slot.serving?.pid ?? 0;
  expect(await slot.stop(100)).toBe(false);
  await running;
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});
