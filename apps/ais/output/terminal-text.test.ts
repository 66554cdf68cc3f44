import { expect, test } from "bun:test";
import { makeColors } from "./colors.ts";
import { renderTable } from "./table.ts";
import { terminalText } from "./terminal-text.ts";

test("a name cannot move the cursor, set the title or turn the text around", () => {
  const colors = makeColors(true);
  const styled = `${colors.red("Error:")} ${colors.hue(3, "x")}\r\n\ttab \x1b[K`;
  expect(terminalText(styled)).toBe(styled);
  expect(terminalText("\x1b[8mhidden")).toBe("\\u001b[8mhidden");
  expect(terminalText("\x1b[2Ja\x1b]0;title\x07b\x9bc\x00d\u202ee")).toBe(
    "\\u001b[2Ja\\u001b]0;title\\u0007b\\u009bc\\u0000d\\u202ee",
  );
  // What is escaped inside JSON is still the same JSON.
  expect(JSON.parse(terminalText(JSON.stringify("\x9b\u202e")))).toBe("\x9b\u202e");
});

test("a name with line breaks is one row", () => {
  const rows = [["one\nERROR\r\ttwo", "1"]];
  const table = renderTable([{ name: "NAME" }, { name: "SIZE" }], rows, {
    headers: false,
    colors: makeColors(false),
  });
  expect(table).toBe("one\\u000aERROR\\u000d\\u0009two   1\n");
});
