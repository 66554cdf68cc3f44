import { expect, test } from "bun:test";
import { type ClientAndBucket, RequestBlocks } from "./request-blocks.ts";

function facts(changes: Partial<ClientAndBucket> = {}): ClientAndBucket {
  return {
    host: "127.0.0.1:8081",
    userAgent: "ais/cli",
    bucketName: "nnn",
    provider: null,
    namespace: null,
    smapVersion: "3",
    ...changes,
  };
}

test("the same facts are the same block, whatever came between", () => {
  const blocks = new RequestBlocks();
  const first = blocks.ofClientAndBucket(facts());
  expect(first.attributes).toEqual({
    "server.address": "127.0.0.1",
    "server.port": 8081,
    "user_agent.original": "ais/cli",
    "ais.bucket": "ais://nnn",
    "ais.smap.version": 3,
  });
  for (const change of [{ host: "a" }, { userAgent: null }, { provider: "aws" }, { smapVersion: "4" }]) {
    expect(blocks.ofClientAndBucket(facts(change))).not.toBe(first);
    expect(blocks.ofClientAndBucket(facts())).toBe(first);
  }
  expect(blocks.ofClientAndBucket(facts({ provider: "aws" })).attributes["ais.bucket"]).toBe("s3://nnn");
});

test("ever new clients take no more memory, and each gets its own facts", () => {
  const blocks = new RequestBlocks();
  const first = blocks.ofClientAndBucket(facts());
  for (let i = 0; i < 100; i++) {
    const { attributes } = blocks.ofClientAndBucket(facts({ userAgent: `client ${i}` }));
    expect(attributes["user_agent.original"]).toBe(`client ${i}`);
  }
  const again = blocks.ofClientAndBucket(facts());
  expect(again).not.toBe(first);
  expect(again.attributes).toEqual(first.attributes);
});

test("an operation's block knows its method", () => {
  const blocks = new RequestBlocks();
  const get = blocks.ofOperation("reverse.daemon", "GET");
  expect(get).toBe(blocks.ofOperation("reverse.daemon", "GET"));
  for (let i = 0; i < 50; i++) {
    const { attributes } = blocks.ofOperation("reverse.daemon", `M${i}`);
    expect(attributes["http.request.method"]).toBe("_OTHER");
    expect(attributes["http.request.method_original"]).toBe(`M${i}`);
  }
});

test.each([
  ["[::1]:8081", "::1", 8081],
  ["[::1]", "::1", undefined],
  ["node7", "node7", undefined],
])("host %s is address %s", (host, address, port) => {
  const { attributes } = new RequestBlocks().ofClientAndBucket(facts({ host }));
  expect([attributes["server.address"], attributes["server.port"]]).toEqual([address, port]);
});
