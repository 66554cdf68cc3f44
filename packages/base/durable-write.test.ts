import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { durableWrite, durableWriteBytes, type FileOperation } from "./durable-write.ts";

let directory: string;
let target: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "durable-write-"));
  target = join(directory, "file");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("writes pieces in order, replaces the old content, leaves nothing else", async () => {
  writeFileSync(target, "old");
  const result = await durableWrite(
    target,
    async (sink) => {
      await sink.write(Buffer.from("new "));
      expect(readFileSync(target, "utf8")).toBe("old");
      await sink.write(Buffer.from("content"));
      return 42;
    },
    { flush: "fsync" },
  );
  expect(result).toBe(42);
  expect(readFileSync(target, "utf8")).toBe("new content");
  expect(readdirSync(directory)).toEqual(["file"]);
});

for (const failing of ["open", "write", "sync", "rename"] as const) {
  test(`a failing ${failing} leaves the old file and no temporary one`, async () => {
    writeFileSync(target, "old");
    const faults = {
      before(operation: FileOperation) {
        if (operation === failing) throw Object.assign(new Error(`no ${operation}`), { code: "ENOSPC" });
      },
    };
    await expect(durableWriteBytes(target, "new", { flush: "fsync", faults })).rejects.toThrow(
      `no ${failing}`,
    );
    expect(readFileSync(target, "utf8")).toBe("old");
    expect(readdirSync(directory)).toEqual(["file"]);
  });
}

test("what the caller throws while it writes is thrown, and nothing is left", async () => {
  const writing = durableWrite(
    target,
    async (sink) => {
      await sink.write(Buffer.from("half"));
      throw new Error("the sender is gone");
    },
    { flush: "os" },
  );
  await expect(writing).rejects.toThrow("the sender is gone");
  expect(readdirSync(directory)).toEqual([]);
});

test("flushes content before the name and the name before it resolves; without fsync neither", async () => {
  const operations = async (flush: "fsync" | "os"): Promise<FileOperation[]> => {
    const seen: FileOperation[] = [];
    await durableWriteBytes(target, "x", {
      flush,
      faults: { before: (operation) => void seen.push(operation) },
    });
    return seen;
  };
  expect(await operations("fsync")).toEqual(["open", "write", "sync", "rename", "sync-directory"]);
  expect(await operations("os")).toEqual(["open", "write", "rename"]);
});

test("writers of one target do not meet: one of them wins whole", async () => {
  const contents = Array.from({ length: 20 }, (_, n) => String(n).repeat(5000));
  await Promise.all(contents.map((content) => durableWriteBytes(target, content, { flush: "os" })));
  expect(contents).toContain(readFileSync(target, "utf8"));
  expect(readdirSync(directory)).toEqual(["file"]);
});
