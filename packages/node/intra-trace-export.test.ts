import { beforeEach, expect, test } from "bun:test";
import type { HttpReply } from "./http/types.ts";
import { intraTraceExport } from "./intra-trace-export.ts";
import { createPipeline } from "./pipeline.ts";
import { memoryNode } from "./testing/memory-member.ts";
import { memoryRequest } from "./testing/memory-request.ts";
import { type MemoryServices, memoryServices } from "./testing/memory-services.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
let services: MemoryServices;

beforeEach(() => {
  services = memoryServices(memoryNode("target", "self", 1));
});

async function ask(body: string): Promise<HttpReply> {
  const dispatch = { "intra.trace-export": intraTraceExport };
  const handler = createPipeline<MemoryServices, "intra.trace-export">({
    role: "target",
    dispatch,
    services,
  });
  return handler(memoryRequest("POST", "/v1/intra/trace-export", { body }));
}

test("hands the traces over, and is not traced itself", async () => {
  expect((await ask(JSON.stringify({ traces: [TRACE_ID] }))).status).toBe(200);
  expect(services.tracing.asked).toEqual([TRACE_ID]);
  expect(services.tracing.roots).toEqual([]);
});

test.each([
  "",
  "[]",
  "{}",
  '{"traces":"x"}',
  '{"traces":["x"]}',
  `{"traces":["${"0".repeat(32)}"]}`,
  `{"traces":["${TRACE_ID.toUpperCase()}"]}`,
  JSON.stringify({ traces: Array<string>(513).fill(TRACE_ID) }),
])("refuses %j", async (body) => {
  expect((await ask(body)).status).toBe(400);
  expect(services.tracing.asked).toEqual([]);
});
