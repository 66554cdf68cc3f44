/** Pages of a bucket whose objects move, over real listeners. */
import { expect, test } from "bun:test";
import { actMsg } from "@ais/wire/act-msg.ts";
import { parseListPageRequest } from "@ais/wire/list-page.ts";
import { FakeProxy, jsonOf, textOf } from "../fixtures/fake-proxy.ts";
import { FakeTarget } from "../fixtures/fake-target.ts";

const NEXT = "8";

/** Targets that hold these names; all of them serve, and placement is settled among `settled`. */
async function setUp(
  stack: AsyncDisposableStack,
  held: readonly (readonly string[])[],
  settled: readonly number[],
) {
  const targets = held.map((names, index) => stack.use(new FakeTarget(`target-${index}`, names)));
  const proxy = await FakeProxy.create({ targets: targets.map(({ node }) => node) });
  const { member } = proxy;
  const rmd = { ...member.snapshot.rmd, target_ids: settled.map((index) => `target-${index}`) };
  member.snapshot = member.coordinated = { ...member.snapshot, rmd };
  const list = (value: object = {}) => proxy.send("GET", "/v1/buckets/nnn", { body: actMsg("list", value) });
  const names = async (value: object = {}): Promise<readonly string[]> => {
    const reply = await list(value);
    expect(reply.status).toBe(200);
    return (jsonOf(reply) as { readonly entries: { readonly name: string }[] }).entries.map(
      ({ name }) => name,
    );
  };
  const move = (name: string, from: number, to: number): void => {
    const [source, destination] = [targets[from], targets[to]];
    if (source === undefined || destination === undefined || !source.names.includes(name)) return;
    destination.names = [...destination.names, name];
    source.names = source.names.filter((each) => each !== name);
  };
  return { targets, member, list, names, move };
}

/** How often each target was asked, and how often by an id that counts. */
function asked(targets: readonly FakeTarget[]): readonly string[] {
  return targets.map(({ seen }) => {
    const counted = seen.filter(({ body }) => parseListPageRequest(body).listingId !== undefined);
    return `${seen.length} ${counted.length}`;
  });
}

test.each([
  ["to one that came as well", [0], 1, 2],
  ["to one among which placement is settled", [0], 1, 0],
  ["from there", [0], 0, 1],
])("what moves %s is listed once, whenever it moves", async (_, settled, from, to) => {
  await using stack = new AsyncDisposableStack();
  const { targets, names, move } = await setUp(stack, [["a"], ["b"], ["c"]], settled);
  const name = ["a", "b", "c"][from] ?? "";
  for (let moment = 0; moment <= 5; moment++) {
    let looks = 0;
    for (const target of targets)
      target.beforeList = () => {
        if (looks++ === moment) move(name, from, to);
      };
    expect(await names()).toEqual(["a", "b", "c"]);
    move(name, to, from);
  }
});

test("those that came are asked twice, and count once", async () => {
  await using stack = new AsyncDisposableStack();
  const { targets, names } = await setUp(stack, [["a"], ["b"], ["c"]], [0]);
  await names();
  expect(asked(targets)).toEqual(["1 1", "2 1", "2 1"]);
});

test("a page during which the cluster map changes is asked for again, by the new one", async () => {
  await using stack = new AsyncDisposableStack();
  const fixture = await setUp(stack, [["a", "b"], ["c"], []], [0, 1]);
  const { targets, member, names, move } = fixture;
  const { smap } = member.snapshot;
  const [first, second, third] = targets;
  if (first === undefined || second === undefined || third === undefined) throw new Error("three targets");
  // The third one joins when the first one is asked, which hands an object over before it looks.
  const tmap = { [first.node.daemon_id]: first.node, [second.node.daemon_id]: second.node };
  member.snapshot = member.coordinated = { ...member.snapshot, smap: { ...smap, tmap } };
  first.beforeList = () => {
    first.beforeList = null;
    member.coordinated = { ...member.coordinated, smap: { ...smap, version: NEXT } };
    for (const target of targets) target.smapVersion = NEXT;
    move("a", 0, 2);
  };
  expect(await names()).toEqual(["a", "b", "c"]);
  // Counted in the first attempt only.
  expect(asked(targets)).toEqual(["2 1", "2 1", "2 0"]);
});

test("a target that is behind is waited for, and a page that is never of one map is none", async () => {
  await using stack = new AsyncDisposableStack();
  const { targets, list, names } = await setUp(stack, [["a"], ["b"]], [0, 1]);
  const [first] = targets;
  if (first === undefined) throw new Error("two targets");
  first.smapVersion = "6";
  first.beforeList = () => {
    if (first.seen.length === 3) first.smapVersion = "7";
  };
  expect(await names()).toEqual(["a", "b"]);
  expect(first.seen.length).toBe(3);
  first.beforeList = null;
  first.smapVersion = "6";
  const reply = await list();
  expect([reply.status, textOf(reply)]).toEqual([503, expect.stringContaining("cluster map keeps changing")]);
});
