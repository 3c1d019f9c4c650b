import { describe, expect, it } from "vitest";
import { compileGlob, compilePattern, hasWildcard } from "../../src/dockerfile/pattern.ts";

/** Pattern, path, whether it matches; what Go's regexp and moby/patternmatcher answer for them. */
const MATCHES: readonly (readonly [pattern: string, path: string, matches: boolean])[] = [
  ["a", "a", true],
  ["a", "a/b", false],
  ["*", "a", true],
  ["*", "a/b", false],
  ["*", ".a", true],
  ["a*c", "abbc", true],
  ["a?c", "a/c", false],
  ["a?c", "a☺c", true],
  ["a?c", "a𝒳c", true],
  ["**", "a/b/c", true],
  ["**/a", "a", true],
  ["**/a", "x/y/a", true],
  ["**/a", "xa", false],
  ["**a", "x/ya", true],
  ["a/**", "a/b/c", true],
  ["a/**", "a", false],
  ["a**", "ab/c", true],
  ["a/**/b", "a/b", true],
  ["a/**/b", "a/x/y/b", true],
  ["a/**/b", "a/xb", false],
  ["a**/*.txt", "a/dir/file.txt", true],
  ["**/*.go", "x.go", true],
  ["**/**/*.go", "x/y.go", true],
  ["***", "a/b", true],
  ["*.{js,ts}", "x.js", false],
  ["*.{js,ts}", "x.{js,ts}", true],
  ["a|b*", "a", false],
  ["[ab]c", "bc", true],
  ["[^ab]c", "cc", true],
  ["[^a]", "/", true],
  ["[!a]", "!", true],
  ["[a-c]", "b", true],
  ["[\\]a]", "]", true],
  ["[a*b]", "aaab]", true],
  ["[a*b]", "x", false],
  ["a\\*b", "a*b", true],
  ["a\\*b", "axb", false],
  ["\\d*", "7x", true],
  ["\\d*", "dx", false],
  ["a\\.b", "axb", false],
  ["foo\\bar", "foobar", false],
  ["\\x41", "A", true],
  ["\\101*", "Ab", true],
  ["[[:digit:]]x", "1x", true],
  ["[\\w]x", "_x", true],
  ["^a*", "ab", true],
  ["a^*", "a^", false],
  ["a^", "a^", true],
  ["a\\b*", "a", true],
  ["\\Qa", "a$", true],
  ["a.b*", "axb", false],
  ["(a)*", "(a)b", true],
];

describe("compilePattern", () => {
  it.each(MATCHES)("%s on %s: %s", (pattern, path, matches) => {
    expect(compilePattern(pattern)?.(path)).toBe(matches);
  });

  it.each(["[", "a[", "[]a]", "[-]", "[a-]", "[x", "\\", "a\\", "[b-a]", "a\\Rb", "\\é", "[[:nothing:]]", "\\8"])(
    "refuses %s",
    (pattern) => {
      expect(compilePattern(pattern)).toBeUndefined();
    },
  );

  it.each([
    ["*a".repeat(30) + "b", "a".repeat(100_000)],
    ["**/".repeat(500) + "x", "a/".repeat(500) + "b"],
    ["*".repeat(2000) + "b", "a".repeat(200)],
    ["[a-z]*".repeat(30) + "1", "a".repeat(3000)],
    ["?".repeat(5000) + "*", "a".repeat(4000)],
  ])("answers patterns made to be slow at once", (pattern, path) => {
    const test = compilePattern(pattern);
    const start = performance.now();
    expect(test?.(path)).toBe(false);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe("compileGlob", () => {
  it.each([
    ["a*", "ab", true],
    ["a*", "a/b", false],
    ["**", "a/b", false],
    ["a/*/c", "a/b/c", true],
    ["[!a]", "b", false],
    ["[^a]", "b", true],
    ["\\*", "*", true],
    ["a.b", "axb", false],
    ["é?", "éx", true],
  ] as const)("%s on %s: %s", (pattern, name, matches) => {
    expect(compileGlob(pattern)?.(name)).toBe(matches);
  });

  it("tells patterns from names", () => {
    expect(["a*", "a?", "[a]", "a\\\\*"].every(hasWildcard)).toBe(true);
    expect(["a", "a\\*", "a]", "\\[a"].some(hasWildcard)).toBe(false);
  });
});
