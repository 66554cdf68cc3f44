import { expect, test } from "bun:test";
import type { Logger } from "@ais/base/log.ts";
import { emptyBmd } from "@ais/wire/bmd.ts";
import { emptySmap } from "@ais/wire/smap.ts";
import type { KeyValue } from "./coordinator/coordinator.ts";
import { encodeDocument } from "./documents.ts";
import { SnapshotStore } from "./snapshot-store.ts";

const lines: string[] = [];
const logger: Logger = { log: (level, message) => lines.push(`${level}: ${message}`) };

function bmd(version: number, revision: number): KeyValue {
  return { key: "bmd", value: encodeDocument("bmd", { ...emptyBmd(), version: String(version) }), revision };
}

test("an older or equal revision changes nothing, and each document counts for itself", () => {
  const store = new SnapshotStore(logger);
  expect(store.apply("bmd", bmd(5, 50))).toBe(true);
  const known = store.current;
  expect(store.apply("bmd", bmd(5, 50))).toBe(false);
  expect(store.apply("bmd", bmd(4, 40))).toBe(false);
  expect(store.current).toBe(known);
  const smap = encodeDocument("smap", { ...emptySmap(), version: "3" });
  expect(store.apply("smap", { key: "smap", value: smap, revision: 10 })).toBe(true);
  expect(store.current.bmd).toBe(known.bmd);
  expect(known.smap.version).toBe("0");
});

test("a malformed document throws and is not remembered: the repaired one is taken", () => {
  const store = new SnapshotStore(logger);
  expect(() => store.apply("bmd", { key: "bmd", value: "{}", revision: 7 })).toThrow(/"bmd" is malformed/);
  expect(store.apply("bmd", bmd(1, 7))).toBe(true);
});

test("listeners see every change in order, also those that a listener causes, and survive one that throws", () => {
  const store = new SnapshotStore(logger);
  const seen: string[] = [];
  store.onChange(({ after }) => {
    if (after.bmd.version === "1") store.apply("bmd", bmd(2, 2));
  });
  store.onChange(() => {
    throw new Error("listener is broken");
  });
  const unsubscribe = store.onChange(({ before, after }) => {
    seen.push(`${before.bmd.version}>${after.bmd.version}`);
  });
  store.apply("bmd", bmd(1, 1));
  expect(seen).toEqual(["0>1", "1>2"]);
  expect(lines).toContain("error: listener of cluster changes failed");
  unsubscribe();
  store.apply("bmd", bmd(3, 3));
  expect(seen).toHaveLength(2);
});
