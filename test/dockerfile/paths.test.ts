import { describe, expect, it } from "vitest";
import { cleanPath, contextPath, isWithin } from "../../src/dockerfile/paths.ts";

describe("paths", () => {
  it.each([
    ["", "."],
    [".", "."],
    ["a//b/./c/", "a/b/c"],
    ["a/../..", ".."],
    ["../../a", "../../a"],
    ["/..", "/"],
    ["/a/../../b", "/b"],
    ["!../a", "!../a"],
  ])("cleans %s to %s", (path, clean) => {
    expect(cleanPath(path)).toBe(clean);
  });

  it("keeps paths inside of the context", () => {
    expect(["..", "/../a", "./b/", "/"].map(contextPath)).toEqual(["", "a", "b", ""]);
  });

  it("compares whole names", () => {
    expect([isWithin("a", "a"), isWithin("a", "a/b"), isWithin("a", "ab"), isWithin("/", "/x")]).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });
});
