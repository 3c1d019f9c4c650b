import fc from "fast-check";
import { expect, test } from "vitest";
import type { Diagnostic, Source } from "../../src/diagnostic.ts";
import { formatDiagnostics } from "../../src/ui/diagnostics-view.ts";
import { styleWith } from "../../src/ui/style.ts";
import { displayWidth } from "../../src/ui/width.ts";
import { hostileText, SAFE_OUTPUT } from "./hostile-text.ts";

const style = styleWith({ color: false });

function at(source: Source, marked: string): NonNullable<Diagnostic["at"]> {
  const start = source.text.indexOf(marked);
  return { source, span: { start, end: start + marked.length } };
}

test("every mistake is shown at its place, in the file's order, with carets, related places and hints", () => {
  const source = {
    file: "dock.yaml",
    text: "services:\n  web:\n    imgae: nginx\n    ports: [80:80]\r\n  web: {}\n",
  };
  const diagnostics: Diagnostic[] = [
    {
      severity: "error",
      code: "duplicate-key",
      message: 'the key "web" is there twice',
      at: { source, span: { start: source.text.lastIndexOf("web"), end: source.text.lastIndexOf("web") + 3 } },
      related: [{ message: "first here", at: at(source, "web") }],
    },
    { severity: "warning", code: "odd-port", message: "odd port", at: at(source, "[80:80]") },
    {
      severity: "error",
      code: "unknown-key",
      message: 'unknown key "imgae"',
      at: at(source, "imgae"),
      hint: 'did you mean "image"?',
    },
  ];
  expect(formatDiagnostics(diagnostics, style)).toBe(
    [
      'dock.yaml:3:5 error unknown key "imgae"',
      "   3 │     imgae: nginx",
      "     │     ^^^^^",
      '  hint: did you mean "image"?',
      "",
      "dock.yaml:4:12 warning odd port",
      "   4 │     ports: [80:80]",
      "     │            ^^^^^^^",
      "",
      'dock.yaml:5:3 error the key "web" is there twice',
      "   5 │   web: {}",
      "     │   ^^^",
      "  dock.yaml:2:3: first here",
      "   2 │   web:",
      "     │   ^^^",
      "",
      "2 errors, 1 warning in dock.yaml",
    ].join("\n"),
  );
});

test("nothing gives nothing", () => {
  expect(formatDiagnostics([], style)).toBe("");
});

test("one without a place is only its sentence", () => {
  const lone: Diagnostic = { severity: "error", code: "x", message: "no project file" };
  expect(formatDiagnostics([lone], style)).toBe("error no project file\n\n1 error");
});

test("carets stand below what is meant, after tabs and wide characters too", () => {
  const source = { file: "f", text: "\t你好: [x]" };
  const text = formatDiagnostics([{ severity: "error", code: "x", message: "m", at: at(source, "[x]") }], style);
  expect(text.split("\n").slice(1, 3)).toEqual(["   1 │   你好: [x]", "     │         ^^^"]);
});

test("a place over several lines is marked to the end of its first", () => {
  const source = { file: "f", text: "a: |\n  text\nb: 1" };
  const span = { start: 3, end: 11 };
  const text = formatDiagnostics([{ severity: "error", code: "x", message: "m", at: { source, span } }], style);
  expect(text.split("\n").slice(1, 3)).toEqual(["   1 │ a: |", "     │    ^"]);
});

test("of a long line the part around the place is shown", () => {
  const source = { file: "f", text: `key: ${"x".repeat(300)} HERE ${"y".repeat(300)}` };
  const text = formatDiagnostics(
    [{ severity: "error", code: "x", message: "m", at: at(source, "HERE") }],
    styleWith({ color: false, width: 60 }),
  );
  const [, line = "", carets = ""] = text.split("\n");
  expect(line).toBe(`   1 │ …${"x".repeat(19)} HERE ${"y".repeat(25)}…`);
  expect(line.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("HERE");
});

test("whatever the file holds and wherever the mistake is, the output is safe and the carets are in view", () => {
  fc.assert(
    fc.property(hostileText, fc.nat(80), fc.nat(80), (text, start, length) => {
      const source = { file: text, text };
      const begin = Math.min(start, text.length);
      const span = { start: begin, end: Math.min(begin + length, text.length) };
      const out = formatDiagnostics(
        [{ severity: "error", code: "x", message: text, hint: text, at: { source, span } }],
        styleWith({ color: false, width: 80 }),
      );
      expect(out).toMatch(SAFE_OUTPUT);
      const carets = out.split("\n")[2] ?? "";
      expect(carets).toMatch(/^ {5}│ +\^+$/);
      expect(displayWidth(carets)).toBeLessThanOrEqual(80);
    }),
  );
});
