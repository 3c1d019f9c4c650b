import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMap, parse, parseDocument, stringify, visit } from "yaml";
import { compileText } from "../support/compile-text.ts";
import { withoutPlaces } from "../support/project-json.ts";

const text = readFileSync(new URL("../golden/project/good-long-forms/dock.yaml", import.meta.url), "utf8");
const env = { TAKEN: "x", C: "c" };

function projectOf(file: string): unknown {
  const { project, diagnostics } = compileText(file, { env });
  expect(diagnostics).toEqual([]);
  return withoutPlaces(project);
}

const expected = projectOf(text);

describe("the same file written otherwise makes the same project:", () => {
  test("with CRLF", () => expect(projectOf(text.replaceAll("\n", "\r\n"))).toEqual(expected));
  test("with a byte order mark", () => expect(projectOf(`\uFEFF${text}`)).toEqual(expected));
  test("without a newline at its end", () => expect(projectOf(text.trimEnd())).toEqual(expected));

  test("with comments and blank lines", () => {
    const lines = text.split("\n");
    const isText = (index: number): boolean => /^ {6}/.test(lines[index] ?? "") && /FROM|RUN/.test(lines[index] ?? "");
    const commented = lines.flatMap((line, index) =>
      isText(index) || line.includes("|") ? [line] : ["", "# a comment", `${line} # another`],
    );
    expect(projectOf(commented.join("\n"))).toEqual(expected);
  });

  test("with the keys of every map in another order", () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (numbers) => {
        const document = parseDocument(text);
        visit(document, {
          Map: (_, map) => {
            map.items = map.items
              .map((pair) => ({ pair, rank: numbers.next().value ?? 0 }))
              .toSorted((a, b) => a.rank - b.rank)
              .map(({ pair }) => pair);
          },
        });
        expect(projectOf(String(document))).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  test("with anchors and aliases for equal parts", () => {
    const shared = new Map<string, unknown>();
    const share = (value: unknown): unknown => {
      if (value === null || typeof value !== "object") return value;
      const parts: unknown = Array.isArray(value)
        ? value.map(share)
        : Object.fromEntries(Object.entries(value).map(([key, part]) => [key, share(part)]));
      const key = JSON.stringify(parts);
      if (!shared.has(key)) shared.set(key, parts);
      return shared.get(key);
    };
    const data: unknown = parse(text);
    const plain = stringify(data, { aliasDuplicateObjects: false });
    const anchored = stringify(share(data));
    expect(anchored).toContain("*a");
    expect(projectOf(anchored)).toEqual(projectOf(plain));
  });

  test("with merge keys", () => {
    const document = parseDocument(text);
    expect(isMap(document.contents)).toBe(true);
    const merged = `x-all: &all\n${text.replace(/^/gm, "  ")}\n<<: *all\n`;
    expect(projectOf(merged)).toEqual(expected);
  });
});
