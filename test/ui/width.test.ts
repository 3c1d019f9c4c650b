import fc from "fast-check";
import { expect, test } from "vitest";
import { displayWidth, pad, truncate } from "../../src/ui/width.ts";

test.each([
  ["", 0],
  ["abc", 3],
  ["naïve", 5],
  ["e\u0301", 1],
  ["你好", 4],
  ["한글", 4],
  ["👍", 2],
  ["→ ✔ ⠹ █", 7],
  ["\x1b[31mred\x1b[39m", 3],
])("%j takes %i cells", (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

test("truncated text fits, and says that something is missing", () => {
  expect(truncate("abcdef", 6, "…")).toBe("abcdef");
  expect(truncate("abcdef", 4, "…")).toBe("abc…");
  expect(truncate("你好吗", 4, "…")).toBe("你…");
  expect(truncate("abcdef", 4, "...")).toBe("a...");
});

test("truncating keeps what ends a colour", () => {
  expect(truncate("\x1b[31mabcdef\x1b[39m", 3, "…")).toBe("\x1b[31mab…\x1b[39m");
});

test("no text is wider than it was cut to", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, width) => {
      expect(displayWidth(truncate(text, width, "…"))).toBeLessThanOrEqual(width);
    }),
  );
});

test("padding counts cells, on either side", () => {
  expect(pad("你", 4)).toBe("你  ");
  expect(pad("7", 3, true)).toBe("  7");
  expect(pad("abcd", 2)).toBe("abcd");
});
