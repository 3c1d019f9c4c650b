import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { compile, type CompileOptions } from "../../src/project/compile.ts";
import { type Included, includeFiles } from "../../src/project/include.ts";
import { parse } from "../../src/project/parse.ts";
import { outsideLookup } from "../../src/project/variables.ts";
import { diagnosticsText } from "../support/diagnostics-text.ts";
import { projectJson } from "../support/project-json.ts";

const root = new URL("../golden/project/", import.meta.url);
const cases = readdirSync(root).toSorted();

/** `options.json` of a case: what is not in the project file. */
type CaseOptions = Partial<Pick<CompileOptions, "env" | "vars" | "projectName" | "directory">>;

const DIRECTORY = "/work/handbook";

async function compileCase(name: string): Promise<{ text: string; isGood: boolean }> {
  const read = (file: string): string => readFileSync(new URL(`${name}/${file}`, root), "utf8");
  const has = (file: string): boolean => existsSync(new URL(`${name}/${file}`, root));
  const extra: CaseOptions = has("options.json") ? (JSON.parse(read("options.json")) as CaseOptions) : {};
  const source = { file: "dock.yaml", text: read("dock.yaml") };
  const outside = { env: { HOME: "/home/user" }, vars: {}, ...extra };
  const { parsed, files } = await includeFiles(
    { path: `${DIRECTORY}/dock.yaml`, source, parsed: parse(source) },
    {
      lookup: outsideLookup({ ...outside, dotenv: {} }),
      home: undefined,
      read: async (path): Promise<Included> => {
        const file = relative(DIRECTORY, path);
        if (!has(file)) return { kind: "missing" };
        const included = { file, text: read(file), directory: dirname(path) };
        return { kind: "read", file: { path, source: included, parsed: parse(included) } };
      },
    },
  );
  const { project, diagnostics } = compile(source, parsed, {
    directory: DIRECTORY,
    dotenv: has(".env") ? { file: ".env", text: read(".env") } : undefined,
    included: files,
    ...outside,
  });
  const notes = diagnosticsText(diagnostics);
  return { text: project ? `${notes}${projectJson(project)}` : notes, isGood: project !== undefined };
}

describe("bad project files", () => {
  const bad = cases.filter((name) => !name.startsWith("good-"));

  test("are at least forty", () => expect(bad.length).toBeGreaterThanOrEqual(40));

  test.each(bad)("%s: every mistake is located", async (name) => {
    const { text, isGood } = await compileCase(name);
    expect(isGood).toBe(false);
    await expect(text).toMatchFileSnapshot(`../golden/project/${name}/expected.txt`);
  });
});

describe("good project files", () => {
  test.each(cases.filter((name) => name.startsWith("good-")))("%s", async (name) => {
    const { text, isGood } = await compileCase(name);
    expect(isGood, text).toBe(true);
    await expect(text).toMatchFileSnapshot(`../golden/project/${name}/expected.json`);
  });
});
