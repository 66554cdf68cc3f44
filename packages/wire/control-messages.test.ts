import { expect, test } from "bun:test";
import { actMsg, parseActMsg } from "./act-msg.ts";
import { defaultClusterConfig } from "./cluster-config.ts";
import { encodeJson } from "./json.ts";
import {
  checkListPageReply,
  type ListPageRequest,
  parseListPageReply,
  parseListPageRequest,
} from "./list-page.ts";
import { localConfig, nodeConfig } from "./local-config.ts";
import { HEALTHY_STATE_FLAGS, nodeStateInfo, tcdf } from "./node-status.ts";
import { isTrueText } from "./queries.ts";
import { emptySmap } from "./smap.ts";

test.each([
  ["", "", "", null],
  ["{}", "", "", null],
  ['{"action":"list","name":"b","value":{"uuid":""}}', "list", "b", { uuid: "" }],
  ['{"Action":"list","NAME":null,"value":null,"extra":1}', "list", "", null],
])("action message %s", (text, action, name, value) => {
  expect(parseActMsg(text)).toEqual({ action, name, value });
});

test.each(["[]", "null", "5", '{"action":5}', "{"])("%s is no action message", (text) => {
  expect(() => parseActMsg(text)).toThrow("failed to parse");
});

test("an action message is sent with all its keys", () => {
  expect(JSON.parse(encodeJson(actMsg("create-bck")))).toEqual({
    action: "create-bck",
    name: "",
    value: null,
  });
});

test.each(["1", "t", "TRUE", "True", "y", "yes", "ON"])("%j counts as true in a query", (text) => {
  expect(isTrueText(text)).toBe(true);
});
test.each([null, "", "0", "false", "False", "no", "2"])("%j does not count as true in a query", (text) => {
  expect(isTrueText(text)).toBe(false);
});

test("list pages survive the wire, and wrong ones are refused", () => {
  const request: ListPageRequest = {
    bucket: { name: "b", provider: "ais", namespace: { uuid: "", name: "" } },
    bid: "18446744073709551615",
    prefix: "a b/é",
    after: "",
    limit: 10,
    delimiter: "/",
    props: ["name", "size"],
    timeFormat: "2006",
  };
  expect(parseListPageRequest(encodeJson(request))).toEqual(request);
  expect(() => parseListPageRequest(encodeJson({ ...request, limit: 0 }))).toThrow(
    "invalid list page request",
  );
  const reply = {
    entries: [{ name: "x", sizeBytes: 5, flags: 64 }, { name: "y" }],
    more: true,
    smapVersion: "7",
  };
  expect(parseListPageReply(encodeJson(reply))).toEqual(reply);
  expect(() => checkListPageReply({ ...reply, entries: [{}] })).toThrow("invalid list page reply");
});

test("the config of a node has both parts in one object, ports being strings", () => {
  const local = localConfig({
    mountpaths: ["/data/mp1"],
    confDir: "/etc/ais",
    logDir: "/var/log/ais",
    hostname: "h",
    port: 8081,
  });
  const config = nodeConfig(defaultClusterConfig(), local);
  expect(config.fspaths).toEqual({ "/data/mp1": "" });
  expect(config.host_net.port_intra_data).toBe("8081");
  expect(config.test_fspaths).toEqual({ root: "", count: 0, instance: 0 });
  expect(config.log.level).toBe("3");
});

test("capacity counts a file system once", () => {
  const usage = { usedBytes: 30, availableBytes: 70, fsType: "ext4", device: "/dev/a" };
  const capacity = tcdf([
    { ...usage, path: "/a", fsId: "1,2" },
    { ...usage, path: "/b", fsId: "1,2" },
    { ...usage, path: "/c", fsId: "3,4", usedBytes: 90, availableBytes: 10 },
  ]);
  expect(capacity).toMatchObject({
    total_used: "120",
    total_avail: "80",
    pct_max: 90,
    pct_avg: 50,
    pct_min: 30,
  });
  expect(capacity.mountpaths["/a"]).toEqual({
    mountpath_label: "",
    fs: { Fs: "/dev/a", FsType: "ext4", FsID: "1,2" },
    disks: [],
    used: "30",
    avail: "70",
    pct_used: 30,
  });
  expect(tcdf([]).total_used).toBe("0");
});

test("the state of a healthy node", () => {
  expect(HEALTHY_STATE_FLAGS).toBe(6);
  const info = nodeStateInfo({
    smap: { ...emptySmap(), uuid: "u", version: "3" },
    bmd: { uuid: "u", version: "4" },
    config: { ...defaultClusterConfig(), uuid: "u", config_version: "5" },
    rmd: { cluster_id: "u", version: "6" },
    flags: HEALTHY_STATE_FLAGS,
  });
  expect(JSON.parse(encodeJson(info))).toMatchObject({
    smap: { Primary: { pub_url: "", control_url: "", id: "" }, uuid: "u", version: "3" },
    bmd: { version: "4" },
    config: { version: "5" },
    rmd: { version: "6" },
    flags: 6,
  });
});
