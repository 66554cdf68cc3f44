import { expect, test } from "bun:test";
import { memoryAuth } from "@ais/node/testing/memory-services.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import type { MissingRequest } from "@ais/wire/missing-objects.ts";
import type { TargetServices } from "../services.ts";
import { startTargetFixture } from "../testing/target-fixture.ts";
import { missingHere } from "./missing-here.ts";

test("tells what is missing, of the bucket that is meant and by the owner alone", async () => {
  await using fixture = await startTargetFixture();
  const { member, facts } = fixture.services;
  await fetch(fixture.url("here"), { method: "PUT", body: "x" });
  const names = ["gone", "here"];
  const request: MissingRequest = {
    bucket: aisBucket("nnn"),
    bid: "1",
    smapVersion: member.snapshot.smap.version,
    names,
  };
  const url = fixture.url("").replace(/\/v1\/.*/, "/v1/intra/missing");
  const ask = (question: object) => {
    const headers = memoryAuth("other").headers("POST", url, facts.id);
    return fetch(url, { method: "POST", body: JSON.stringify(question), headers });
  };
  const asked = await ask(request);
  expect([asked.status, await asked.json()]).toEqual([200, { missing: ["gone"] }]);
  // A bucket that was made again under the name is another one, whose lack of objects means nothing.
  expect((await ask({ ...request, bid: "99" })).status).toBe(404);
  expect((await ask({ ...request, names: "here" })).status).toBe(400);
  // Of what another target owns by the newest map, nothing is told.
  const elsewhere = { member, facts, handOver: { ownerOf: () => ({ daemon_id: "another" }) } };
  const told = missingHere(request, NOOP_SPAN, elsewhere as unknown as TargetServices);
  await expect(told).rejects.toMatchObject({ code: "unavailable" });
});
