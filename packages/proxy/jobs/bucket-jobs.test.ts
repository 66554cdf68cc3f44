/** What a copy that is synchronized needs before it begins to delete. */
import { expect, test } from "bun:test";
import { ACCESS_ALL, PERMISSIONS } from "@ais/wire/access.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { findBucket, withBucket } from "@ais/wire/bmd.ts";
import { FakeProxy, textOf } from "../fixtures/fake-proxy.ts";

const PATH = "/v1/buckets/nnn?bck_to=ais/@%23/new/";

function copy(proxy: FakeProxy, value: object, path = PATH) {
  return proxy.send("POST", path, { body: { action: "copy-bck", name: "", value } });
}

test("a synchronized copy is refused while objects are not where they belong, and makes no bucket", async () => {
  const proxy = await FakeProxy.create();
  await proxy.member.updateRmd((rmd) => ({ ...rmd, target_ids: [] }));
  const { bmd } = proxy.member.coordinated;
  const refused = await copy(proxy, { synchronize: true });
  expect([refused.status, textOf(refused)]).toEqual([409, expect.stringContaining("after a rebalance")]);
  expect(proxy.member.coordinated.bmd).toBe(bmd);
  // Neither of these deletes.
  for (const value of [{}, { synchronize: true, dry_run: true }])
    expect((await copy(proxy, value)).status).toBe(200);
});

test("a synchronized copy needs the permission to delete at its destination", async () => {
  const kept = aisBucket("kept");
  const proxy = await FakeProxy.create({ buckets: [aisBucket("nnn"), kept] });
  await proxy.member.updateBmd((bmd) => {
    const props = findBucket(bmd, kept);
    if (props === null) throw new Error("no bucket");
    const access = String(BigInt(ACCESS_ALL) & ~PERMISSIONS["DELETE-OBJECT"]);
    return withBucket(bmd, kept, { ...props, access });
  });
  const path = "/v1/buckets/nnn?bck_to=ais/@%23/kept/";
  const refused = await copy(proxy, { synchronize: true }, path);
  expect([refused.status, textOf(refused)]).toEqual([403, expect.stringContaining("DELETE-OBJECT")]);
  for (const value of [{}, { synchronize: true, dry_run: true }])
    expect((await copy(proxy, value, path)).status).toBe(200);
});
