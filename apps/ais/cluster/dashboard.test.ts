import { expect, test } from "bun:test";
import type { JsonObject } from "@ais/client/json-view.ts";
import { HEALTHY_STATE_FLAGS, STATE_FLAGS } from "@ais/wire/node-status.ts";
import { SNODE_FLAGS, type Snode } from "@ais/wire/smap.ts";
import { dashboardLines, dashboardOf, type Look } from "./dashboard.ts";
import { healthDetails, healthOf, healthText } from "./health.ts";
import { type NodeState, ONLINE } from "./node-states.ts";

function node(id: string, status: JsonObject, snode: Partial<Snode> = {}): NodeState {
  const net = { node_hostname: "", daemon_port: "", direct_url: "" };
  return {
    snode: {
      public_net: net,
      intra_control_net: net,
      intra_data_net: net,
      daemon_type: "target",
      daemon_id: id,
      flags: 0,
      id_digest: 0n,
      ...snode,
    } as Snode,
    isPrimary: false,
    state: ONLINE,
    status,
  };
}

function status(tracker: Record<string, number>, flags: number = HEALTHY_STATE_FLAGS): JsonObject {
  const disk = { fs: { FsID: "1,1", FsType: "ext4" }, pct_used: 40 };
  const other = { fs: { FsID: "1,2", FsType: "xfs" }, pct_used: 60 };
  return {
    tracker,
    cluster: { flags },
    sys_info: { load_avg: { One: 1.5 } },
    capacity: { mountpaths: { "/a": disk, "/b": disk, "/c": other } },
  };
}

const titled = (lines: readonly (readonly [string, string])[]) => Object.fromEntries(lines);

test("figures of all targets: rates between two looks, counters, disks", () => {
  const before: Look = {
    atMs: 0,
    states: [
      node("t1", status({ "get.size": 1000, "put.size": 50 })),
      node("t2", status({ "get.size": 9000 })),
    ],
  };
  const now: Look = {
    atMs: 2000,
    states: [
      node("t1", status({ "get.size": 3048, "put.size": 50, "get.n": 3, "err.io.get.n": 1 })),
      // Its counters began anew.
      node("t2", status({ "get.size": 2048, "err.io.put.n": 2 })),
      // It has just come: what it counted before is of no time that is known.
      node("t3", status({ "get.size": 1e9 })),
    ],
  };
  const board = dashboardOf(before, now, ["lru", "copy-bck", "lru"]);
  expect(titled(dashboardLines(board, "iec"))).toEqual({
    State: "Operational",
    Throughput: "Read 2.0KiB/s, Write 0B/s (2s avg)",
    "I/O Errors": "3",
    "Load Avg": "avg 1.5, min 1.5, max 1.5 (1m)",
    "Disk Usage": "avg 50.0%, min 50.0%, max 50.0%",
    Network: "healthy",
    Storage: "9 mountpaths (all healthy)",
    Filesystems: "ext4(6), xfs(3)",
    "Running Jobs": "copy-bck, lru",
  });
  expect(titled(dashboardLines(board, "raw"))["Throughput"]).toBe("Read 2048B/s, Write 0B/s (2s avg)");
});

test("a cluster that has done nothing is idle, and one without targets has nothing to show", () => {
  const idle = { atMs: 1000, states: [node("t1", status({}))] };
  expect(titled(dashboardLines(dashboardOf(idle, idle, []), "iec"))).toMatchObject({
    Network: "cluster is idle",
    "Running Jobs": "None",
  });
  const empty = { atMs: 1000, states: [] };
  expect(titled(dashboardLines(dashboardOf(empty, empty, []), "iec"))).toMatchObject({
    "Load Avg": "-",
    "Disk Usage": "-",
    Filesystems: "-",
  });
});

test("alerts about disks and connections are seen", () => {
  const flags = HEALTHY_STATE_FLAGS | STATE_FLAGS.diskLowCapacity | STATE_FLAGS.keepAliveErrors;
  const look = { atMs: 0, states: [node("t1", status({ "get.n": 1 }, flags)), node("t2", status({}))] };
  expect(titled(dashboardLines(dashboardOf(look, look, []), "iec"))).toMatchObject({
    State: "1 of 2 nodes: 1 warning",
    Network: "keep-alive errors",
    Storage: "6 mountpaths (3 healthy, 3 warnings)",
  });
});

test("nodes are named with what they report", () => {
  const health = healthOf([
    node("t1", status({}, HEALTHY_STATE_FLAGS | STATE_FLAGS.outOfSpace)),
    { ...node("t2", {}), state: "offline: connection refused" },
    node("t3", status({}), { flags: SNODE_FLAGS.maintenance }),
    node("t4", status({}, HEALTHY_STATE_FLAGS | STATE_FLAGS.rebalancing)),
    node("p1", status({}), { daemon_type: "proxy" }),
  ]);
  expect(healthText(health)).toBe(
    "4 of 5 nodes: 1 offline, 1 alert, 1 warning, 1 in maintenance, 1 rebalancing",
  );
  expect(healthDetails(health)).toEqual([
    ["Offline (1/5)", "t[t2]"],
    ["Alerts (1/5)", "t[t1]"],
    ["Warnings (1/5)", "t[t4]"],
    ["Maintenance (1/5)", "t[t3]"],
    ["Rebalancing (1/5)", "t[t4]"],
  ]);
});
