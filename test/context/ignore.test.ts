import { describe, expect, it } from "vitest";
import { patternList, readIgnoreFile } from "../../src/context/ignore.ts";
import { DockError } from "../../src/error.ts";

/** Whether a path is ignored, asked directory by directory as a walk asks. */
function isIgnored(patterns: readonly string[], path: string): boolean {
  const list = patternList(patterns, ".dockerignore");
  const names = path.split("/");
  let parent: readonly boolean[] | undefined;
  let ignored = false;
  for (const index of names.keys()) {
    const { matched, matches } = list.match(names.slice(0, index + 1).join("/"), parent);
    parent = matches;
    ignored = matched;
  }
  return ignored;
}

describe("readIgnoreFile", () => {
  it("takes what BuildKit takes from a line", () => {
    const text = "\uFEFFa\r\n  /b/c/ \n# comment\n #not a comment\n\n! /d/../e\n!\n/\n./f//g\n";
    expect(readIgnoreFile(text)).toEqual(["a", "b/c", "#not a comment", "!e", "!", "/", "f/g"]);
  });

  it("takes a byte order mark only in front for what it is", () => {
    expect(readIgnoreFile("a\n\uFEFFb")).toEqual(["a", "\uFEFFb"]);
  });

  it("finds nothing in an empty file", () => {
    expect(readIgnoreFile("")).toEqual([]);
  });
});

describe("patternList", () => {
  it.each([
    [["a"], "a/b/c", true],
    [["a"], "b/a", false],
    [["*"], "a/b", true],
    [["*", "!a"], "a/b", false],
    [["*", "!a"], "b/a", true],
    [["*", "!a", "a/b"], "a/b", true],
    [["*", "!a", "a/b"], "a/c", false],
    [["docs", "!docs/README.md"], "docs/README.md", false],
    [["docs/*", "!docs/README.md"], "docs/other", true],
    [["!a", "a"], "a", true],
    [["**", "!util/docker/web", "util/docker/web/foo"], "util/docker/web/foo", true],
    [["**", "!util/docker/web"], "util/docker/web/foo", false],
    [["**/*.log", "!keep.log"], "x/y.log", true],
    [["**/*.log", "!keep.log"], "keep.log", false],
    [["**/*.log", "!keep.log"], "x/keep.log", true],
    // The exception was not asked at the directory, where nothing was ignored yet, so it says nothing about its content.
    [["a/b", "!a"], "a/b", true],
    [["dir/**"], "dir", false],
    [["/a"], "a", false],
    [[" a "], "a", true],
    [["a/../b"], "b", true],
  ] as const)("%j on %s: %s", (patterns, path, ignored) => {
    expect(isIgnored(patterns, path)).toBe(ignored);
  });

  it("judges a path without its directory's matches by its parents' names", () => {
    expect(patternList(["a"], "").match("a/b").matched).toBe(true);
    expect(patternList(["*", "!a/b"], "").match("a/b/c").matched).toBe(false);
  });

  it.each(["!", "[", "a[", "\\", "[b-a]x"])("refuses %s by name", (pattern) => {
    const read = (): unknown => patternList(["fine", pattern], "web/.dockerignore");
    expect(read).toThrow(DockError);
    expect(read).toThrow(`web/.dockerignore has a malformed pattern: ${JSON.stringify(pattern)}`);
  });

  it("is not slowed down by patterns made for it", () => {
    const list = patternList(["*a".repeat(30), "**/".repeat(100) + "x", "!" + "[a-z]*".repeat(30)], "");
    const start = performance.now();
    list.match("a".repeat(60) + "b");
    list.match("a/".repeat(60) + "b");
    // Trying every way would take longer than anybody lives.
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
