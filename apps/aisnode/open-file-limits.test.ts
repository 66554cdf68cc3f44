import { expect, test } from "bun:test";
import { divideOpenFiles } from "./open-file-limits.ts";

const DERIVED = { "max-connections": 0, "max-open-writes": 0 };

test.each([
  [null, 8192, 512],
  [1 << 20, 8192, 512],
  [20_000, 8192, 512],
  [4096, 1680, 480],
  [1024, 336, 96],
  [256, 28, 8],
])("of %p open files %p are connections and %p are being written", (openFiles, connections, writes) => {
  const limits = divideOpenFiles(openFiles, DERIVED);
  expect(limits).toEqual({ openFiles, connectionCount: connections, openWriteCount: writes });
  if (openFiles !== null && openFiles > 1000)
    expect(2 * limits.connectionCount + limits.openWriteCount).toBeLessThan(openFiles);
});

test("what is asked for is kept to", () => {
  const options = { "max-connections": 5000, "max-open-writes": 7 };
  expect(divideOpenFiles(1024, options)).toMatchObject({ connectionCount: 5000, openWriteCount: 7 });
});
