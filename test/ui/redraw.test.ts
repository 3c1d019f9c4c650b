import { expect, test } from "vitest";
import { redrawer } from "../../src/ui/redraw.ts";

function output(terminal?: { readonly columns: number; readonly rows: number }) {
  const written: string[] = [];
  const write = (text: string): boolean => {
    written.push(text);
    return true;
  };
  return { written, output: { write, ...(terminal ? { isTTY: true, ...terminal } : {}) } };
}

test("on a terminal a text takes the place of the one before, whatever rows that took", () => {
  const { written, output: terminal } = output({ columns: 10, rows: 10 });
  const draw = redrawer(terminal);
  draw("one\ntwo");
  draw("a line of 21 columns.");
  draw("end");
  expect(written).toEqual(["\x1b[0Jone\ntwo\n", "\x1b[2A\x1b[0Ja line of 21 columns.\n", "\x1b[3A\x1b[0Jend\n"]);
});

test("lines that the terminal has no room for are left out", () => {
  const { written, output: terminal } = output({ columns: 10, rows: 3 });
  redrawer(terminal)("1\n2\n3\n4");
  expect(written).toEqual(["\x1b[0J1\n2\n"]);
});

test("elsewhere texts follow one another", () => {
  const { written, output: file } = output();
  const draw = redrawer(file);
  draw("one");
  draw("two");
  expect(written).toEqual(["one\n", "two\n"]);
});
