import { expect, test } from "bun:test";
import { textReply } from "./replies.ts";
import { createStartGate } from "./start-gate.ts";
import { memoryRequest } from "./testing/memory-request.ts";

test("answers 503 without a body until it opens", async () => {
  const gate = createStartGate();
  const request = memoryRequest("GET", "/v1/health");
  expect(await gate.handler(request)).toMatchObject({ status: 503, body: null });
  gate.open(() => textReply("served"));
  expect(await gate.handler(request)).toMatchObject({ status: 200, body: "served" });
});
