import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, sameJson } from "../../src/std/digest.ts";

test("canonical JSON is the same for every order of a map's keys, and is JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(reversed(value))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("members that are undefined are left out, null is not", () => {
  expect(canonicalJson({ b: undefined, a: [null, undefined] })).toBe('{"a":[null,null]}');
});

test("two values are the same exactly when their canonical JSON is", () => {
  // Small pools, so that equal values come up.
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<unknown>(null, undefined, true, 0, -0, Number.NaN, "", "a"),
      fc.array(tie("any"), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("a", "b", "c"), tie("any"), { maxKeys: 3 }),
    ),
  })).any;
  fc.assert(
    fc.property(value, value, (one, other) => {
      expect(sameJson(one, other)).toBe(canonicalJson(one) === canonicalJson(other));
      expect(sameJson(one, reversed(one))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
