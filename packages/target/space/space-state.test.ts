import { expect, test } from "bun:test";
import type { MountpathCapacity } from "@ais/storage/types.ts";
import { judgeSpace } from "./space-state.ts";

const WATERMARKS = { cleanupwm: 65, lowwm: 75, highwm: 90, out_of_space: 95 };
const GIB = 2 ** 30;

function mountpath(path: string, usedPercent: number): MountpathCapacity {
  const usedBytes = Math.round(usedPercent * GIB);
  const availableBytes = 100 * GIB - usedBytes;
  return { path, usedBytes, availableBytes, fsType: "xfs", fsId: path, device: "/dev/x" };
}

test.each([
  [0, "ok", 0],
  [65, "ok", 0],
  [65.1, "filling", 0],
  [90, "filling", 0],
  [90.1, "low", (1 << 11) | (1 << 23)],
  [95, "low", (1 << 11) | (1 << 23)],
  [95.1, "full", (1 << 8) | (1 << 22)],
  [100, "full", (1 << 8) | (1 << 22)],
] as const)("%p%% used is %s", (percent, level, flags) => {
  expect(judgeSpace([mountpath("/a", percent)], WATERMARKS)).toMatchObject({ level, flags, fullest: "/a" });
});

test("the fullest mountpath decides, and one that has gone does not", () => {
  const gone = { ...mountpath("/gone", 0), usedBytes: 0, availableBytes: 0 };
  const state = judgeSpace([mountpath("/a", 10), mountpath("/b", 96), gone], WATERMARKS);
  expect(state).toMatchObject({ level: "full", fullest: "/b" });
  expect(state.alert).toBe("out of space: 96% of a mountpath is used (total used 106.00GiB of 200.00GiB)");
  expect(judgeSpace([gone], WATERMARKS).level).toBe("ok");
  expect(judgeSpace([], WATERMARKS).level).toBe("ok");
});

test("mountpaths of one file system are counted once", () => {
  const shared = [mountpath("/a", 92), { ...mountpath("/b", 92), fsId: "/a" }];
  expect(judgeSpace(shared, WATERMARKS).alert).toEndWith("(total used 92.00GiB of 100.00GiB)");
});
