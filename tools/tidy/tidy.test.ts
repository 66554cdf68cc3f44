/** Style as a test (style.md 24). Each failure names the file and what to do instead. */
import { describe, expect, test } from "bun:test";
import { deadFiles } from "./dead-files.ts";
import { layerProblems, unusedDependencies } from "./layers.ts";
import { importsOf, readSources, readWorkspaces } from "./sources.ts";
import { textProblems } from "./text-rules.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const files = await readSources(root);
const workspaces = await readWorkspaces(root);

describe("tidy", () => {
  test("sees the sources", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(workspaces.map((workspace) => workspace.name)).toContain("@ais/base");
  });

  test("imports go down the layers and are declared", () => {
    expect(layerProblems(files, workspaces)).toEqual([]);
  });

  test("declared dependencies are used", () => {
    expect(unusedDependencies(files, workspaces)).toEqual([]);
  });

  test("no file is dead", () => {
    expect(deadFiles(files, workspaces)).toEqual([]);
  });

  test("sizes, names and banned calls", () => {
    expect(textProblems(files)).toEqual([]);
  });
});

describe("the rules themselves", () => {
  const file = (path: string, text: string) => ({
    path,
    text,
    lineCount: text.split("\n").length,
    imports: importsOf(text),
  });
  const home = {
    name: "@ais/base",
    folder: "packages/base",
    dependencies: new Set(["@ais/node"]),
    devDependencies: new Set<string>(),
  };

  test("an upward import, an undeclared one and an escaping path are found", () => {
    const bad = file(
      "packages/base/x.ts",
      `import { a } from "@ais/node/a.ts";\nimport b from "left-pad";\nimport { c } from "../wire/c.ts";`,
    );
    expect(layerProblems([bad], [home])).toHaveLength(3);
  });

  test("a multi-line import, a dynamic one and a worker URL are seen", () => {
    const text = `import {\n  a,\n  b,\n} from "./ab.ts";\nawait import("./lazy.ts");\nnew URL("./worker.ts", import.meta.url);`;
    expect(importsOf(text)).toEqual(["./ab.ts", "./lazy.ts", "./worker.ts"]);
  });

  test("a dead file, a long one and a banned call are found", () => {
    const long = file("packages/base/long.ts", `${"\n".repeat(500)}console.log(1);`);
    expect(deadFiles([long], [home])).toHaveLength(1);
    expect(textProblems([long])).toHaveLength(2);
  });
});
