import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closeColors, Sanitizer, sanitizeName, sanitizeText } from "../../src/ui/sanitize.ts";
import { hostileText, SAFE_OUTPUT } from "./hostile-text.ts";

describe("sanitizeText", () => {
  test.each([
    ["plain text", "plain text"],
    ["\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"],
    ["\x1b[2J\x1b[H", "^[[2J^[[H"],
    ["\x1b]0;title\x07", "^[]0;title^G"],
    ["\x1b_apc\x1b\\", "^[_apc^[\\"],
    ["\x9b31m", "\\x9b31m"],
    ["a\bb\0c\x7f", "a^Hb^@c^?"],
    ["user\u202egnp.exe", "user\\u202egnp.exe"],
    ["one\r\ntwo\r\n", "one\ntwo\n"],
    ["10%\r20%\r", "10%\n20%"],
    ["tab\there", "tab\there"],
    ["naïve 你好 👩‍👩‍👧", "naïve 你好 👩‍👩‍👧"],
  ])("%j becomes %j", (text, safe) => {
    expect(sanitizeText(text)).toBe(safe);
  });

  test("nothing that a terminal would obey is left of any text", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(sanitizeText(text)).toMatch(SAFE_OUTPUT);
      }),
    );
  });

  test("safe text stays as it is", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(sanitizeText(sanitizeText(text))).toBe(sanitizeText(text));
      }),
    );
  });
});

describe("Sanitizer", () => {
  test("cuts between chunks don't matter", () => {
    fc.assert(
      fc.property(fc.array(hostileText, { maxLength: 6 }), (chunks) => {
        const sanitizer = new Sanitizer();
        const pieces = chunks.flatMap((chunk) => chunk.split("")).map((unit) => sanitizer.push(unit));
        expect(pieces.join("") + sanitizer.end()).toBe(sanitizeText(chunks.join("")));
      }),
    );
  });

  test("an escape that never ends is not held back for ever", () => {
    const sanitizer = new Sanitizer();
    expect(sanitizer.push(`\x1b[${"1".repeat(1000)}`)).toMatch(/^\^\[\[1+$/);
  });
});

test("names have neither colours nor lines", () => {
  expect(sanitizeName("\x1b[31mweb\x1b[0m\n::error::x")).toBe("^[[31mweb^[[0m^J::error::x");
  fc.assert(
    fc.property(hostileText, (text) => {
      expect(sanitizeName(text)).not.toMatch(/[\n\t\p{Cc}]/u);
    }),
  );
});

test("a line's colours don't reach the next line", () => {
  expect(closeColors("\x1b[31mred", true)).toBe("\x1b[31mred\x1b[0m");
  expect(closeColors("\x1b[31mred\x1b[0m", false)).toBe("red");
  expect(closeColors("plain", true)).toBe("plain");
});
