import { expect, test } from "bun:test";
import * as v from "valibot";
import { parseCustomPairs } from "./custom-metadata.ts";
import { freeRecord } from "./free-record.ts";
import { emptySmap, findNode, parseSmap } from "./smap.ts";

const ODD_NAMES = ["__proto__", "constructor", "prototype", "toString", ""];

test("keeps every key, also those that a prototype has", () => {
  const text = JSON.stringify(Object.fromEntries(ODD_NAMES.map((name) => [name, name])));
  const read = v.parse(freeRecord(v.string()), JSON.parse(text));
  expect(JSON.stringify(read)).toBe(text);
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
});

test("says where a value is wrong, and what is no object", () => {
  const schema = v.object({ nodes: freeRecord(v.object({ port: v.number() })) });
  const result = v.safeParse(schema, { nodes: { one: { port: 1 }, two: { port: "x" } } });
  expect(v.getDotPath(v.safeParse(schema, { nodes: [] }).issues?.[0] as v.BaseIssue<unknown>)).toBe("nodes");
  expect(result.success).toBe(false);
  expect(v.getDotPath(result.issues?.[0] as v.BaseIssue<unknown>)).toBe("nodes.two.port");
  for (const wrong of [null, 1, "x", []]) expect(v.is(freeRecord(v.string()), wrong)).toBe(false);
});

test("a node may have any id, and custom metadata any key", () => {
  const net = { node_ip_addr: "127.0.0.1", daemon_port: "1", direct_url: "http://127.0.0.1:1" };
  const node = {
    public_net: net,
    intra_control_net: net,
    intra_data_net: net,
    daemon_type: "target",
    daemon_id: "constructor",
    flags: 0,
    id_digest: 7,
  };
  const smap = parseSmap(JSON.stringify({ ...emptySmap(), tmap: { constructor: node } }));
  expect(findNode(smap, "constructor")?.daemon_id).toBe("constructor");
  expect(parseCustomPairs({ constructor: "1", prototype: "2" })).toEqual({
    constructor: "1",
    prototype: "2",
  });
});
