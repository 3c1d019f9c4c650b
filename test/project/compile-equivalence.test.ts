import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMap, parse, parseDocument, stringify, visit } from "yaml";
import { compile } from "../../src/project/compile.ts";
import { includeFiles, type ProjectFile } from "../../src/project/include.ts";
import { parse as parseFile } from "../../src/project/parse.ts";
import { compileText } from "../support/compile-text.ts";
import { withoutPlaces } from "../support/project-json.ts";

const text = readFileSync(new URL("../golden/project/good-long-forms/dock.yaml", import.meta.url), "utf8");
const DIRECTORY = "/work/handbook";
const env = { TAKEN: "x", C: "c" };

function projectOf(file: string): unknown {
  const { project, diagnostics } = compileText(file, { env });
  expect(diagnostics).toEqual([]);
  return withoutPlaces(project);
}

const expected = projectOf(text);

const SECTIONS = ["vars", "images", "services", "networks", "volumes", "secrets", "configs", "groups"];

/** The same content in several files of one directory, each of which includes the next; `where` tells the file of each entry. */
async function splitProject(where: () => number): Promise<unknown> {
  const data = parse(text, { merge: true }) as Record<string, Record<string, unknown>>;
  const parts = Array.from({ length: 4 }, (_, index): Record<string, Record<string, unknown>> => {
    return index === 0 ? Object.fromEntries(Object.entries(data).filter(([key]) => !SECTIONS.includes(key))) : {};
  });
  for (const section of SECTIONS)
    for (const [key, value] of Object.entries(data[section] ?? {})) {
      const part = parts[where() % parts.length] ?? {};
      part[section] = { ...part[section], [key]: value };
    }
  const texts = parts.map((part, index) =>
    stringify(index + 1 < parts.length ? { ...part, include: [`./part-${index + 1}.yaml`] } : part),
  );
  const fileOf = (index: number): ProjectFile => {
    const name = index === 0 ? "dock.yaml" : `part-${index}.yaml`;
    const source = { file: name, text: texts[index] ?? "", ...(index > 0 && { directory: DIRECTORY }) };
    return { path: `${DIRECTORY}/${name}`, source, parsed: parseFile(source) };
  };
  const root = fileOf(0);
  const { parsed } = await includeFiles(root, {
    lookup: () => undefined,
    home: undefined,
    read: async (path) => ({ kind: "read", file: fileOf(Number(/(\d+)\.yaml$/.exec(path)?.[1])) }),
  });
  const { project, diagnostics } = compile(root.source, parsed, { env, vars: {}, directory: DIRECTORY });
  expect(diagnostics).toEqual([]);
  return withoutPlaces(project);
}

test("the same content split into several files makes the same project", async () => {
  const whole = projectOf(stringify(parse(text, { merge: true })));
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), async (numbers) => {
      expect(await splitProject(() => numbers.next().value ?? 0)).toEqual(whole);
    }),
    { numRuns: 30 },
  );
});

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
