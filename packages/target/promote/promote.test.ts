/** Promotion at a real target: when a file that is to go goes, and what is answered when it has gone. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileOperation, NO_FILE_FAULTS } from "@ais/base/durable-write.ts";
import type { JobRecord } from "@ais/cluster/jobs/job-record.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { memoryNode } from "@ais/node/testing/memory-member.ts";
import { memoryAuth } from "@ais/node/testing/memory-services.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { PATHS } from "@ais/wire/paths.ts";
import type { PromoteArgs, PromoteRun } from "@ais/wire/promote.ts";
import { placementNodes, type Snode } from "@ais/wire/smap.ts";
import { startTargetFixture, type TargetFixture } from "../testing/target-fixture.ts";

const SMALL = "content";
const LARGE = "x".repeat(200_000);

let stack: AsyncDisposableStack;
let root: string;
/** Flushes of the index wait for it. */
let gate: PromiseWithResolvers<void> | null;
let syncedFiles: number;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  root = realpathSync(mkdtempSync(join(tmpdir(), "promote-")));
  stack.defer(() => rmSync(root, { recursive: true }));
  gate = null;
  syncedFiles = 0;
});

afterEach(async () => {
  gate?.resolve();
  await stack.disposeAsync();
});

interface Options {
  readonly id?: string;
  readonly peers?: readonly Snode[];
}

/** Its bucket `nnn` has the policy. */
async function start(
  policy: "immediate" | "delayed",
  { id, peers = [] }: Options = {},
): Promise<TargetFixture> {
  const faults = {
    files: {
      ...NO_FILE_FAULTS,
      before: (operation: FileOperation) => {
        if (operation === "sync") syncedFiles++;
      },
    },
    beforeCommit() {},
    beforeSync: () => gate?.promise,
  };
  const fixture = stack.use(await startTargetFixture(id, { promoteRoot: root, faults, peers }));
  fixture.addBucket("nnn", 1n, (props) => ({
    ...props,
    write_policy: { ...props.write_policy, data: policy },
  }));
  fixture.services.member.deliver("bmd");
  return fixture;
}

function write(name: string, content: string): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

function runOf(source: string, args: Partial<PromoteArgs> = {}, isDirectory = false): PromoteRun {
  const plain = { objectName: "", targetId: "", recursive: false, overwrite: false, isNotShared: false };
  return {
    args: { ...plain, source, deleteSource: true, ...args },
    isDirectory,
    isShared: false,
    bucket: aisBucket("nnn"),
    bid: "1",
    targets: ["targetone"],
  };
}

async function promote({ port }: TargetFixture, run: PromoteRun): Promise<number> {
  const url = `http://127.0.0.1:${port}${PATHS.intraPromote}`;
  const headers = memoryAuth("proxyone").headers("POST", url, "targetone");
  return (await fetch(url, { method: "POST", headers, body: JSON.stringify(run) })).status;
}

async function untilStored(fixture: TargetFixture, name: string): Promise<void> {
  while ((await fetch(fixture.url(name), { method: "HEAD" })).status !== 200) await Bun.sleep(5);
}

describe("a file that is to go, in a bucket that writes late", () => {
  /** `owner` is where its object goes. */
  async function goesWhenDurable(fixture: TargetFixture, owner: TargetFixture, name: string): Promise<void> {
    gate = Promise.withResolvers();
    syncedFiles = 0;
    const source = join(root, name);
    let isAnswered = false;
    const answer = promote(fixture, runOf(source)).finally(() => {
      isAnswered = true;
    });
    await untilStored(owner, name);
    await Bun.sleep(60);
    expect([existsSync(source), isAnswered]).toEqual([true, false]);
    gate.resolve();
    expect(await answer).toBe(200);
    expect(existsSync(source)).toBe(false);
  }

  test.each([
    ["small", SMALL],
    ["large", LARGE],
  ])("is there until its object is on the disk: a %s one", async (name, content) => {
    const fixture = await start("delayed");
    write(name, content);
    await goesWhenDurable(fixture, fixture, name);
    expect(syncedFiles > 0).toBe(content === LARGE);
  });

  test("is there until its object is on the disk of another target", async () => {
    const owner = await start("delayed", { id: "targettwo" });
    const peers = [memoryNode("target", "targettwo", owner.port, 2n)];
    const fixture = await start("delayed", { peers });
    const hrw = await loadHrw();
    const nodes = placementNodes(fixture.services.member.snapshot.smap);
    const names = Array.from({ length: 50 }, (_, index) => `o${index}`);
    const name =
      names.find((each) => hrw.chooseTarget(nodes, `ais/@#/nnn/${each}`)?.id === "targettwo") ?? "";
    write(name, SMALL);
    await goesWhenDurable(fixture, owner, name);
  });

  test("stays when the same was put there before: nobody knows whether that is on the disk", async () => {
    const fixture = await start("delayed");
    const source = write("o", SMALL);
    expect((await fetch(fixture.url("o"), { method: "PUT", body: SMALL })).status).toBe(200);
    expect(await promote(fixture, runOf(source))).toBe(200);
    expect(existsSync(source)).toBe(true);
    expect(await promote(fixture, runOf(source, { overwrite: true }))).toBe(200);
    expect(existsSync(source)).toBe(false);
  });
});

test("a file whose very content was put into a bucket that writes at once may go", async () => {
  const fixture = await start("immediate");
  const source = write("o", SMALL);
  expect((await fetch(fixture.url("o"), { method: "PUT", body: SMALL })).status).toBe(200);
  expect(await promote(fixture, runOf(source))).toBe(200);
  expect(existsSync(source)).toBe(false);
});

describe("a source that has gone since all targets were asked for it", () => {
  test("is done when it is a file that is to go: another target has promoted it", async () => {
    const fixture = await start("immediate");
    const source = write("o", SMALL);
    expect([await promote(fixture, runOf(source)), await promote(fixture, runOf(source))]).toEqual([
      200, 200,
    ]);
  });

  test("is not found when it is to stay, or was a directory", async () => {
    const fixture = await start("immediate");
    const source = join(root, "none");
    expect(await promote(fixture, runOf(source, { deleteSource: false }))).toBe(404);
    expect(await promote(fixture, runOf(source, {}, true))).toBe(404);
  });

  test("ends the share of a job well", async () => {
    const { services } = await start("immediate");
    mkdirSync(join(root, "d"));
    const { args, isDirectory, isShared } = runOf(join(root, "d", "gone"));
    const job: JobRecord = {
      id: "job",
      kind: "promote",
      from: { bucket: aisBucket("nnn"), bid: "1" },
      to: null,
      description: "",
      args: { args, isDirectory, isShared },
      startedNs: "1",
      startedBy: "proxyone",
      trace: null,
      targets: ["targetone"],
      stop: null,
      end: null,
    };
    await services.jobs.create(job);
    const share = () => services.jobs.get("job")?.shares.get("targetone");
    while (share() === undefined || share()?.state === "running") await Bun.sleep(5);
    expect(share()).toMatchObject({ state: "done", error: "" });
  });
});
