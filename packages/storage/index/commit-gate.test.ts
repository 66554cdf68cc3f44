import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageCounters } from "../counters.ts";
import { NO_STORAGE_FAULTS } from "../faults.ts";
import { CommitGate } from "./commit-gate.ts";
import { ObjectIndex } from "./object-index.ts";

/** Memory is better here than a disk: the faster the commits, the more of them fall into an open. */
const PARENT = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const VISITS = 1000;

test("what is committed while other processes open the index stays committed", async () => {
  const mountpath = mkdtempSync(join(PARENT, "commit-gate-"));
  mkdirSync(join(mountpath, "index"));
  {
    await using index = new ObjectIndex({
      mountpath,
      faults: NO_STORAGE_FAULTS,
      counters: new StorageCounters(),
      commitBatchCount: 1,
      sharing: "owner",
    });
    const visitor = Bun.spawn(
      [process.execPath, join(import.meta.dir, "../testing/index-visitor.ts"), mountpath, String(VISITS)],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    let isOver = false;
    void visitor.exited.then(() => {
      isOver = true;
    });
    const lost: number[] = [];
    let run = 0;
    for (; !isOver; run++) {
      if (index.run !== run) lost.push(run);
      await index.commit(() => index.setRun(run + 1));
    }
    expect(lost).toEqual([]);
    expect(await visitor.exited).toBe(0);
    expect(run).toBeGreaterThan(100);
  }
  rmSync(mountpath, { recursive: true });
});

test("who opens waits for commits under way and goes before those that come later", async () => {
  const directory = mkdtempSync(join(tmpdir(), "commit-gate-"));
  using first = new CommitGate(directory);
  using second = new CommitGate(directory);
  using opener = new CommitGate(directory);
  const events: string[] = [];
  await first.enter();
  const closing = opener.close().then((closed) => {
    events.push("closed");
    return closed;
  });
  await Bun.sleep(20);
  const late = second.enter().then(() => events.push("second entered"));
  await Bun.sleep(20);
  expect(events).toEqual([]);
  first.leave();
  const closed = await closing;
  await Bun.sleep(20);
  expect(events).toEqual(["closed"]);
  closed[Symbol.dispose]();
  await late;
  expect(events).toEqual(["closed", "second entered"]);
  second.leave();
  rmSync(directory, { recursive: true });
});
