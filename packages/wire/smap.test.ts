import { expect, test } from "bun:test";
import { encodeJson } from "./json.ts";
import {
  activeProxies,
  activeTargets,
  allNodes,
  emptySmap,
  findNode,
  nodeName,
  parseSmap,
  parseSnode,
  placementAmong,
  placementNodes,
  type Smap,
  SNODE_FLAGS,
  type Snode,
} from "./smap.ts";

function node(daemon_type: "proxy" | "target", daemon_id: string, flags = 0): Snode {
  const net = { node_ip_addr: "127.0.0.1", daemon_port: "8080", direct_url: "http://127.0.0.1:8080" };
  return {
    public_net: net,
    intra_control_net: net,
    intra_data_net: net,
    daemon_type,
    daemon_id,
    flags,
    id_digest: 14214570646889990061n,
  };
}

const smap: Smap = {
  pmap: { p1: node("proxy", "p1") },
  tmap: {
    t1: node("target", "t1"),
    t2: node("target", "t2", SNODE_FLAGS.maintenance),
    t3: node("target", "t3", SNODE_FLAGS.decommission),
    t4: node("target", "t4", SNODE_FLAGS.nonElectable),
  },
  proxy_si: node("proxy", "p1"),
  uuid: "u",
  creation_time: "2026-08-19 10:11:12",
  version: "12",
};

test("targets in maintenance or leaving hold no objects", () => {
  expect(activeTargets(smap).map((target) => target.daemon_id)).toEqual(["t1", "t4"]);
  expect(placementNodes(smap).map(({ id, digest }) => [id, digest])).toEqual([
    ["t1", 14214570646889990061n],
    ["t4", 14214570646889990061n],
  ]);
  expect(activeProxies(smap).map((proxy) => proxy.daemon_id)).toEqual(["p1"]);
});

test("derived lists are one for each map, so that placement can remember them", () => {
  expect(placementNodes(smap)).toBe(placementNodes(smap));
  const next = { ...smap, tmap: { t2: node("target", "t2") } };
  expect(placementNodes(next).map(({ id }) => id)).toEqual(["t2"]);
});

test("nodes are found by id, whatever the id", () => {
  expect(findNode(smap, "t2")?.flags).toBe(SNODE_FLAGS.maintenance);
  expect(findNode(smap, "p1")?.daemon_type).toBe("proxy");
  for (const id of ["nope", "", "constructor", "__proto__"]) expect(findNode(smap, id)).toBeNull();
  expect(allNodes(smap)).toHaveLength(5);
  expect(allNodes(smap).slice(0, 2).map(nodeName)).toEqual(["p[p1]", "t[t1]"]);
});

test("the wire keeps every bit of a digest", () => {
  const text = encodeJson(smap);
  expect(text).toContain('"id_digest":14214570646889990061');
  expect(text).toContain('"version":"12"');
  expect(parseSmap(text)).toEqual(smap);
  expect(parseSnode(encodeJson(node("target", "t1")))).toEqual(node("target", "t1"));
  expect(parseSmap(encodeJson(emptySmap()))).toEqual(emptySmap());
});

test("a small digest, which JSON reads as a plain number, is a bigint as well", () => {
  expect(parseSnode(encodeJson({ ...node("target", "t1"), id_digest: 7n })).id_digest).toBe(7n);
});

test.each([
  [{ ...smap, version: 12 }, "version"],
  [{ ...smap, version: "x" }, "version"],
  [{ ...smap, proxy_si: undefined }, "proxy_si"],
  [{ ...smap, tmap: { t1: { ...node("target", "t1"), daemon_type: "other" } } }, "tmap.t1.daemon_type"],
  [{ ...smap, tmap: { t1: { ...node("target", "t1"), id_digest: 2n ** 64n } } }, "tmap.t1.id_digest"],
  [{ ...smap, tmap: { t1: { ...node("target", "t1"), id_digest: -1 } } }, "tmap.t1.id_digest"],
])("an invalid map names the place (%#)", (value, place) => {
  expect(() => parseSmap(encodeJson(value))).toThrow(`invalid Smap at "${place}"`);
});

test("placement among named targets has them whether they are in service or not, and nothing else", () => {
  const nodes = placementAmong(smap, ["t1", "t2", "gone", "p1"]);
  expect(nodes.map(({ id, digest }) => [id, digest])).toEqual([
    ["t1", 14214570646889990061n],
    ["t2", 14214570646889990061n],
  ]);
});
