import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { describe, expect, test } from "vitest";
import { parse } from "../../src/project/parse.ts";
import { indexTree, treeOfIndex } from "../../src/project/tree-index.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** Parses a text and follows its index back; undefined where it has none. */
function throughIndex(text: string): { readonly tree: unknown; readonly back: unknown } | undefined {
  const source = { file: "dock.yaml", text };
  const { tree } = parse(source);
  if (!tree) throw new Error(`not YAML: ${text}`);
  const index = indexTree(source, tree);
  return index && { tree, back: treeOfIndex(source, JSON.parse(JSON.stringify(index))) };
}

describe("the index of a tree", () => {
  test.for([
    "a: 1\nb: [x, 'it''s', \"q\\n\\u00e4\", true, no, null, ~, 0x1F, 1.50, -3]\nc: {}\nd: []\ne:\n",
    "a: |\n  first\n    second\n\n  third\nb: |-\n  one\n",
    "x-base: &base\n  env: &env { A: b }\n  list: [1]\na:\n  <<: *base\n  other: *env\nb: [*env, *base]\n",
    "# a comment\r\na: b # another\r\n'quoted key': \"c\"\r\n",
  ])("leads back to the same tree: %j", (text) => {
    const both = throughIndex(text);
    expect(both).toBeDefined();
    expect(both?.back).toEqual(both?.tree);
  });

  test("keeps what aliases share shared", () => {
    const text = `a: &a [x]\n${Array.from({ length: 9 }, (_, n) => `b${n}: *a\n`).join("")}`;
    const source = { file: "dock.yaml", text };
    const { tree } = parse(source);
    const index = tree && indexTree(source, tree);
    const back = index && treeOfIndex(source, index);
    if (back?.kind !== "map") throw new Error("no map");
    expect(new Set([...back.entries.values()].map(({ value }) => value)).size).toBe(1);
  });

  test("has none where the text does not say plainly what a value is", () => {
    for (const text of ["a: >\n  folded\n  lines\n", 'a: "\\x41"\n', "a: .inf\n", "a: two\n  lines\n"])
      expect(throughIndex(text), text).toBeUndefined();
  });

  test("holds numbers alone", () => {
    const source = { file: "dock.yaml", text: "password: c4n4ry\n" };
    const { tree } = parse(source);
    expect(tree && indexTree(source, tree)?.every((part) => typeof part === "number")).toBe(true);
  });

  test("leads back to the same tree, or is none, for any data however it is written", () => {
    const leaf = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.double(), fc.integer(), fc.boolean());
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.string(), leaf))),
        fc.constantFrom(...(["PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE", "BLOCK_LITERAL", "BLOCK_FOLDED"] as const)),
        (data, style) => {
          const text = stringify(data, { defaultStringType: style, defaultKeyType: "PLAIN" });
          const source = { file: "dock.yaml", text };
          const { tree, diagnostics } = parse(source);
          if (!tree || diagnostics.length > 0) return;
          const index = indexTree(source, tree);
          if (index) expect(treeOfIndex(source, index)).toEqual(tree);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("is there for every example of the project", () => {
    const examples = join(ROOT, "examples");
    const files = readdirSync(examples, { recursive: true, encoding: "utf8" }).filter((file) =>
      /(^|\/)dock\.ya?ml$/.test(file),
    );
    for (const file of [...files.map((name) => join(examples, name)), join(ROOT, "dock.yaml")])
      expect(throughIndex(readFileSync(file, "utf8")), file).toBeDefined();
  });
});
