import { expect, test } from "vitest";
import { formatBar } from "../../src/ui/bar.ts";
import { styleWith } from "../../src/ui/style.ts";
import { formatTable } from "../../src/ui/table.ts";
import { displayWidth } from "../../src/ui/width.ts";

const style = styleWith({ color: false });

test("columns are as wide as their widest cell, whatever its script", () => {
  const rows = [
    ["web", "7", "x"],
    ["你好", "1024", "y"],
  ];
  expect(formatTable([{ title: "NAME" }, { title: "N", align: "right" }, { title: "Z" }], rows, style)).toEqual([
    "NAME     N  Z",
    "web      7  x",
    "你好  1024  y",
  ]);
});

test("a table too wide for the terminal gives up cells of what may shrink, the widest first", () => {
  const columns = [{ title: "NAME" }, { title: "IMAGE", shrinkTo: 5 }, { title: "PORTS", shrinkTo: 5 }];
  const rows = [["web", "registry.example.com/team/web:1.2.3", "127.0.0.1:8080→80"]];
  const table = formatTable(columns, rows, styleWith({ color: false, width: 40 }));
  expect(Math.max(...table.map(displayWidth))).toBeLessThanOrEqual(40);
  expect(table[1]).toBe("web   registry.exampl…  127.0.0.1:8080→…");
});

test("a bar shows shares in eighths, pads to its width, and never shows something as nothing", () => {
  expect(formatBar(0, 4, style)).toBe("    ");
  expect(formatBar(1, 4, style)).toBe("████");
  expect(formatBar(0.5, 4, style)).toBe("██  ");
  expect(formatBar(0.53125, 4, style)).toBe("██▏ ");
  expect(formatBar(0.0001, 4, style)).toBe("▏   ");
  expect(formatBar(Number.NaN, 4, style)).toBe("    ");
  expect(formatBar(7, 4, style)).toBe("████");
  expect(formatBar(0.5, 4, styleWith({ color: false, unicode: false }))).toBe("##  ");
});
