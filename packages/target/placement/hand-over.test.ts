/** Sending an object to its owner, against whatever else happens to it. */
import { expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { RecordedSpan } from "@ais/node/testing/recording-tracing.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { handOverFixture, KEY, NEVER, stored } from "../testing/hand-over-fixture.ts";

test("an object goes to its owner with its time, and is gone here; another one is not there", async () => {
  using fixture = await handOverFixture(stored("one", 7n), async () => 200);
  const { handOver, store, arrived } = fixture;
  const [first, second] = await Promise.all([handOver.run(KEY, "g1", NEVER), handOver.run(KEY, "g1", NEVER)]);
  expect([first, second]).toEqual([
    { kind: "sent", bytes: 3 },
    { kind: "sent", bytes: 3 },
  ]);
  expect(arrived).toEqual(["one@7"]);
  expect([store.object, store.releases]).toEqual([null, 1]);
  expect(await handOver.run(KEY, "g1", NEVER)).toEqual({ kind: "absent" });
});

test("what was written while it was on its way goes as well", async () => {
  let arrivals = 0;
  using fixture = await handOverFixture(stored("old", 7n), async () => {
    if (arrivals++ === 0) fixture.store.object = stored("new", 8n);
    return 200;
  });
  expect(await fixture.handOver.run(KEY, "g1", NEVER)).toMatchObject({ kind: "sent" });
  expect(fixture.arrived).toEqual(["old@7", "new@8"]);
  expect(fixture.store.object).toBe(null);
});

test("who asks while a transfer ends is answered by one that has sent what was written meanwhile", async () => {
  using fixture = await handOverFixture(stored("old", 7n), async () => 200);
  const { handOver, store, arrived } = fixture;
  const deleteUnchanged = store.deleteUnchanged.bind(store);
  let late: Promise<unknown> = Promise.resolve();
  // Another process writes after this one has deleted what it sent, and asks before this one knows that it has.
  store.deleteUnchanged = async (key, looked) => {
    const isDeleted = await deleteUnchanged(key, looked);
    store.deleteUnchanged = deleteUnchanged;
    store.object = stored("new", 8n);
    late = handOver.run(KEY, "", NEVER);
    return isDeleted;
  };
  await handOver.run(KEY, "g1", NEVER);
  expect(await late).toEqual({ kind: "sent", bytes: 3 });
  expect(arrived).toEqual(["old@7", "new@8"]);
  expect(store.object).toBe(null);
});

test("nothing goes before every process of this target has the map by which it goes", async () => {
  const synced: string[] = [];
  let isBehind = true;
  using fixture = await handOverFixture(
    stored("one", 7n),
    async () => 200,
    async (document, version) => {
      synced.push(`${document} ${version}`);
      if (isBehind) throw new AisError("unavailable", "no answer");
    },
  );
  const { handOver, store, arrived } = fixture;
  await expect(handOver.run(KEY, "", NEVER)).rejects.toMatchObject({ code: "unavailable" });
  expect([store.object === null, arrived]).toEqual([false, []]);
  isBehind = false;
  expect(await handOver.run(KEY, "", NEVER)).toMatchObject({ kind: "sent" });
  store.object = stored("two", 8n);
  expect(await handOver.run(KEY, "", NEVER)).toMatchObject({ kind: "sent" });
  // The map has not changed since.
  expect(synced).toEqual(["smap 3", "smap 3"]);
});

test("an owner that does not take it leaves it here", async () => {
  using fixture = await handOverFixture(stored("one", 7n), async () => 503);
  await expect(fixture.handOver.run(KEY, "g1", NEVER)).rejects.toThrow("t[ownernode]");
  expect(fixture.store.object).not.toBe(null);
  expect(fixture.store.releases).toBe(1);
  // The next attempt is one of its own.
  await expect(fixture.handOver.run(KEY, "g1", NEVER)).rejects.toThrow("t[ownernode]");
});

test("its deletion waits for the transfer, and nothing is sent after it", async () => {
  const gate = Promise.withResolvers<number>();
  using fixture = await handOverFixture(stored("one", 7n), () => gate.promise);
  const { handOver, arrived } = fixture;
  const sending = handOver.run(KEY, "g1", NEVER);
  let isDropped = false;
  const dropping = handOver.drop(KEY, NOOP_SPAN).then((found) => {
    isDropped = true;
    return found;
  });
  await Bun.sleep(30);
  expect(isDropped).toBe(false);
  gate.resolve(200);
  expect(await sending).toMatchObject({ kind: "sent" });
  // It was here when the deletion was asked for.
  expect(await dropping).toBe(true);
  expect(arrived.length).toBe(1);
  expect(await handOver.run(KEY, "g1", NEVER)).toEqual({ kind: "absent" });
  expect(await handOver.drop(KEY, NOOP_SPAN)).toBe(false);
});

test("while it is being deleted nobody sends it", async () => {
  using fixture = await handOverFixture(stored("one", 7n), async () => 200);
  const [found, outcome] = await Promise.all([
    fixture.handOver.drop(KEY, NOOP_SPAN),
    fixture.handOver.run(KEY, "g1", NEVER),
  ]);
  expect([found, outcome]).toEqual([true, { kind: "absent" }]);
  expect(fixture.arrived).toEqual([]);
});

test("what is newer than what its owner deletes stays, and goes there", async () => {
  using fixture = await handOverFixture(stored("one", 7n), async () => 200);
  const { handOver, arrived } = fixture;
  const [found, outcome] = await Promise.all([
    handOver.drop(KEY, NOOP_SPAN, 6n),
    handOver.run(KEY, "g1", NEVER),
  ]);
  expect([found, outcome.kind, arrived]).toEqual([false, "sent", ["one@7"]]);
  fixture.store.object = stored("two", 8n);
  expect(await handOver.drop(KEY, NOOP_SPAN, 8n)).toBe(true);
});

test("what came back while it was on its way is not deleted, and is sent anew if it still belongs elsewhere", async () => {
  let arrivals = 0;
  using fixture = await handOverFixture(stored("one", 7n), async () => {
    if (arrivals++ === 0) await fixture.handOver.keep(KEY.uname);
    return 200;
  });
  const { handOver, arrived, store } = fixture;
  expect(await handOver.run(KEY, "g1", NEVER)).toMatchObject({ kind: "sent" });
  expect([arrived, store.object]).toEqual([["one@7", "one@7"], null]);
});

test("whoever keeps an object waits for a deletion that has begun", async () => {
  using fixture = await handOverFixture(stored("one", 7n), async () => 200);
  const { handOver, store } = fixture;
  const deleteUnchanged = store.deleteUnchanged.bind(store);
  let keeping: Promise<unknown> = Promise.resolve();
  store.deleteUnchanged = async (key, looked) => {
    keeping = Bun.sleep(0)
      .then(() => handOver.keep(KEY.uname))
      .then(() => store.object);
    await Bun.sleep(30);
    return deleteUnchanged(key, looked);
  };
  await handOver.run(KEY, "g1", NEVER);
  expect(await keeping).toBe(null);
  // Nobody is under way: nothing to wait for.
  await handOver.keep(KEY.uname);
});

test("a request that waits for a transfer is told what for; one that shares it, that it does", async () => {
  using fixture = await handOverFixture(stored("one", 7n), async () => 200);
  const span = new RecordedSpan("POST /v1/intra/hand-over", 2, "1".repeat(32), "");
  const late = new RecordedSpan("POST /v1/intra/hand-over", 2, "2".repeat(32), "");
  await Promise.all([fixture.handOver.run(KEY, "", NEVER, span), fixture.handOver.run(KEY, "", NEVER, late)]);
  const [handedOver] = span.children;
  expect(handedOver).toMatchObject({ name: "ais.object.hand-over", endings: 1, failure: null });
  expect(handedOver?.attributes).toEqual({ "ais.hand-over.outcome": "sent" });
  expect(handedOver?.children.map(({ name, kind, endings }) => [name, kind, endings])).toEqual([
    ["ais.map.share", 1, 1],
    ["PUT", 3, 1],
    ["ais.coordinator.get", 1, 1],
  ]);
  expect(handedOver?.children[1]?.attributes).toMatchObject({
    "http.request.method": "PUT",
    "http.request.body.size": 3,
    "http.response.status_code": 200,
    "ais.peer": "t[ownernode]",
  });
  expect(late.children).toHaveLength(1);
  expect(late.children[0]?.attributes).toEqual({
    "ais.hand-over.shared": true,
    "ais.hand-over.outcome": "sent",
  });
});

test("the span of a transfer that the owner refuses says so", async () => {
  using fixture = await handOverFixture(stored("one", 7n), async () => 503);
  const span = new RecordedSpan("POST /v1/intra/hand-over", 2, "1".repeat(32), "");
  expect(fixture.handOver.run(KEY, "", NEVER, span)).rejects.toThrow("no");
  await span.children[0]?.ended();
  expect([span.children[0]?.failure, span.children[0]?.children[1]?.failure]).toEqual(["unavailable", "503"]);
});
