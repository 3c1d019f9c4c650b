import { expect, test } from "vitest";
import { createStyle } from "../../src/ui/style.ts";

const terminal = { write: () => true, isTTY: true, columns: 100 };
const pipe = { write: () => true };

test.each([
  ["a terminal has colours", { output: terminal, env: {} }, true],
  ["a pipe has none", { output: pipe, env: {} }, false],
  ["NO_COLOR turns them off", { output: terminal, env: { NO_COLOR: "1" } }, false],
  ["an empty NO_COLOR says nothing", { output: terminal, env: { NO_COLOR: "" } }, true],
  ["NO_COLOR outweighs FORCE_COLOR", { output: terminal, env: { NO_COLOR: "1", FORCE_COLOR: "1" } }, false],
  ["FORCE_COLOR turns them on in a pipe", { output: pipe, env: { FORCE_COLOR: "1" } }, true],
  ["FORCE_COLOR=0 turns them off", { output: terminal, env: { FORCE_COLOR: "0" } }, false],
  ["--no-color outweighs all", { output: terminal, env: { FORCE_COLOR: "1" }, noColor: true }, false],
  ["a dumb terminal has none", { output: terminal, env: { TERM: "dumb" } }, false],
])("%s", (_, of, color) => {
  const style = createStyle(of);
  expect(style.color).toBe(color);
  expect(style.red("x")).toBe(color ? "\x1b[31mx\x1b[39m" : "x");
});

test("lines keep to the terminal's width, and to none in a pipe", () => {
  expect(createStyle({ output: terminal, env: {} }).width).toBe(100);
  expect(createStyle({ output: pipe, env: {} }).width).toBeUndefined();
});

test("the Linux console gets ASCII signs", () => {
  const style = createStyle({ output: terminal, env: { TERM: "linux" } });
  expect(Object.values(style.symbols).join("")).toMatch(/^[\x20-\x7e]*$/);
});
