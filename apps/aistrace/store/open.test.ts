import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { tempDir } from "../aistrace.fixture.ts";
import { databasePath, lockDataDir, openReader, openWriter } from "./open.ts";
import { SCHEMA_VERSION } from "./schema.ts";

const MAX_BYTES = 1024 ** 3;

test("a file of a newer schema is refused and left as it is", () => {
  using dir = tempDir();
  openWriter(dir.path, MAX_BYTES).close();
  const db = new Database(databasePath(dir.path));
  db.run(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  expect(() => openWriter(dir.path, MAX_BYTES)).toThrow(`schema version is ${SCHEMA_VERSION + 1}`);
});

test("a file that is no database is refused", async () => {
  using dir = tempDir();
  await Bun.write(
    databasePath(dir.path),
    "this is not a database, though it is long enough to be taken for one ".repeat(20),
  );
  expect(() => openWriter(dir.path, MAX_BYTES)).toThrow("not a database");
});

test("a reading connection cannot write", () => {
  using dir = tempDir();
  using _writer = openWriter(dir.path, MAX_BYTES);
  using reader = openReader(dir.path);
  expect(() => reader.run("INSERT INTO service (name) VALUES ('x')")).toThrow("readonly");
});

test("a folder has one user at a time", () => {
  using dir = tempDir();
  const first = lockDataDir(dir.path);
  expect(() => lockDataDir(dir.path)).toThrow("another aistrace is using it");
  first[Symbol.dispose]();
  lockDataDir(dir.path)[Symbol.dispose]();
});
