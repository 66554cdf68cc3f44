/** A worker's way to send an object to its owner. */
import { expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { silentLogger } from "@ais/base/log.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { MemoryMember, memoryNode } from "@ais/node/testing/memory-member.ts";
import { RecordedSpan } from "@ais/node/testing/recording-tracing.ts";
import { Channel, type Handlers } from "@ais/node/workers/channel.ts";
import type { HandedOver, ObjectName, ToMain, ToWorker } from "@ais/node/workers/protocol.ts";
import type { ObjectKey } from "@ais/storage/types.ts";
import { AskedHandOver } from "./asked-hand-over.ts";

const KEY: ObjectKey = { bucketId: 1n, bucketName: "ais://b", objectName: "o", uname: "ais/@#/b/o" };

/** A worker and its main process; `owner` is chosen whatever the hash says. */
async function setUp(
  owner: "self" | "other",
  answer: (name: ObjectName) => Promise<HandedOver>,
  keepObject = async (_uname: string) => null,
) {
  const self = memoryNode("target", "self", 1);
  const other = memoryNode("target", "other", 2);
  const member = new MemoryMember(self, [other]);
  const chosen = { chooseTarget: { value: () => ({ snode: owner === "self" ? self : other }) } };
  const hrw = Object.create(await loadHrw(), chosen);
  const main = new Channel<ToWorker, ToMain>(
    (message) => worker.receive(structuredClone(message)),
    { handOver: answer, keepObject } as Partial<Handlers<ToMain>> as Handlers<ToMain>,
    silentLogger,
  );
  const worker: Channel<ToMain, ToWorker> = new Channel(
    (message) => main.receive(structuredClone(message)),
    {} as Handlers<ToWorker>,
    silentLogger,
  );
  return new AskedHandOver({ hrw, member, channel: worker, nodeId: "self" });
}

test("the main process sends it, and what became of it comes back", async () => {
  const asked: ObjectName[] = [];
  const handOver = await setUp("other", async (name) => {
    asked.push(name);
    return { kind: "sent", bytes: 3 };
  });
  expect(handOver.ownerOf(KEY.uname)?.daemon_id).toBe("other");
  expect(await handOver.run(KEY)).toEqual({ kind: "sent", bytes: 3 });
  expect(asked).toEqual([KEY]);
});

test("a failure is that of the write that waits for it", async () => {
  const handOver = await setUp("other", async () => {
    throw new AisError("unavailable", "t[other] answered 503");
  });
  await expect(handOver.run(KEY)).rejects.toMatchObject({ code: "unavailable" });
});

test("nobody is asked about an object that is where it belongs", async () => {
  const handOver = await setUp("self", () => Promise.reject(new Error("asked")));
  expect(await handOver.run(KEY)).toEqual({ kind: "owned" });
});

test("the main process keeps what comes back here", async () => {
  const kept: string[] = [];
  const handOver = await setUp(
    "self",
    () => Promise.reject(new Error("asked")),
    async (uname) => {
      kept.push(uname);
      return null;
    },
  );
  await handOver.keep(KEY.uname);
  expect(kept).toEqual([KEY.uname]);
});

test("a request that waits for the main process has a span of that", async () => {
  const handOver = await setUp("other", async () => ({ kind: "sent", bytes: 3 }));
  const span = new RecordedSpan("PUT", 2, "1".repeat(32), "");
  await handOver.run(KEY, "", undefined, span);
  expect(span.children.map(({ name, endings, attributes }) => [name, endings, attributes])).toEqual([
    ["ais.object.hand-over", 1, { "ais.hand-over.outcome": "sent" }],
  ]);
});
