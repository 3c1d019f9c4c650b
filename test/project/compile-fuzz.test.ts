import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileText } from "../support/compile-text.ts";

const root = new URL("../golden/project/", import.meta.url);
const seeds = readdirSync(root).map((name) => readFileSync(new URL(`${name}/dock.yaml`, root), "utf8"));

/** Pieces that mean something to YAML, to interpolation or to JavaScript. */
const PIECES = [
  "\t",
  "\n",
  "- ",
  ": ",
  "? ",
  "&a ",
  "*a",
  "<<: *a\n",
  "!x ",
  "{",
  "}",
  "[",
  "]",
  "'",
  '"',
  "|\n",
  ">-\n",
  "#",
  "%",
  "---\n",
  "...\n",
  "${",
  "}",
  "$",
  "$$",
  "${A:-",
  "__proto__: {polluted: true}\n",
  "constructor:\n",
  "\0",
  "\u202E",
  "\uFEFF",
  "\uD800",
  "0x",
  "1e999",
  ".nan",
  "~",
  "null",
  "-",
  "99999999999999999999",
  ":",
  "/",
  "..",
  "@",
  "\\",
  "é",
];

const edit = fc.oneof(
  fc.record({ kind: fc.constant("insert" as const), at: fc.nat(), text: fc.constantFrom(...PIECES) }),
  fc.record({ kind: fc.constant("delete" as const), at: fc.nat(), length: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    kind: fc.constant("copy" as const),
    at: fc.nat(),
    from: fc.nat(),
    length: fc.integer({ min: 1, max: 200 }),
  }),
);

type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function mutate(text: string, change: Edit): string {
  const at = change.at % (text.length + 1);
  if (change.kind === "insert") return text.slice(0, at) + change.text + text.slice(at);
  if (change.kind === "delete") return text.slice(0, at) + text.slice(at + change.length);
  const from = change.from % (text.length + 1);
  return text.slice(0, at) + text.slice(from, from + change.length) + text.slice(at);
}

describe("whatever stands in a project file", () => {
  test("compiling it ends within a second with a project or with errors that have a place", () => {
    const before = Object.getOwnPropertyNames(Object.prototype).length;
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 }), (seed, edits) => {
        const text = edits.reduce(mutate, seed);
        const start = performance.now();
        const { project, diagnostics } = compileText(text, { env: { A: "a", HOME: "/home/user" } });
        expect(performance.now() - start).toBeLessThan(1000);
        const errors = diagnostics.filter((one) => one.severity === "error");
        expect(project === undefined).toBe(errors.length > 0);
        for (const { at, message } of errors) {
          expect(at, message).toBeDefined();
          expect(at?.span.start).toBeLessThanOrEqual(text.length);
          expect(message).not.toMatch(/undefined|\[object|\n/);
        }
        expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype).length).toBe(before);
  }, 60_000);

  test("random text makes no project and throws nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void compileText(text)),
      { numRuns: 500 },
    );
  });
});
