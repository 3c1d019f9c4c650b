import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";

const root = new URL("../../", import.meta.url);
const schema = JSON.parse(readFileSync(new URL("schema/dock.schema.json", root), "utf8")) as Record<string, unknown>;

interface Described {
  readonly path: string;
  readonly description: unknown;
  readonly examples: unknown;
}

/** Every named key that the schema knows. */
function* properties(node: unknown, path: string): Generator<Described> {
  if (node === null || typeof node !== "object") return;
  for (const [key, value] of Object.entries(node)) {
    if (key === "properties" && !path.endsWith(".properties")) {
      for (const [name, property] of Object.entries(value as Record<string, Partial<Described> & { $ref?: string }>)) {
        const target = property.$ref === undefined ? {} : definition(property.$ref);
        yield {
          path: `${path}.${name}`,
          description: property.description ?? target.description,
          examples: property.examples ?? target.examples ?? target.properties,
        };
      }
    }
    yield* properties(value, `${path}.${key}`);
  }
}

function definition(ref: string): { description?: unknown; examples?: unknown; properties?: unknown } {
  const definitions = schema["definitions"] as Record<string, object>;
  return definitions[ref.split("/").at(-1) ?? ""] ?? {};
}

describe("the published schema", () => {
  let validate: ValidateFunction;
  beforeAll(() => {
    const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, validateFormats: false });
    validate = ajv.compile(schema);
  });

  test("describes every key and shows an example of it", () => {
    const all = [...properties(schema, "")];
    expect(all.length).toBeGreaterThan(200);
    const bare = all.filter(({ description, examples }) => typeof description !== "string" || examples === undefined);
    const withoutParts = bare.filter(({ path }) => !/\.(bind|volume|tmpfs|image|logging|resources|ipam)$/.test(path));
    expect(withoutParts.map(({ path }) => path)).toEqual([]);
  });

  const golden = new URL("test/golden/project/", root);
  test.each(readdirSync(golden).filter((name) => name.startsWith("good-")))(
    "accepts %s as an editor would see it",
    (name) => {
      const file: unknown = parse(readFileSync(new URL(`${name}/dock.yaml`, golden), "utf8"), { merge: true });
      expect(validate(file), JSON.stringify(validate.errors)).toBe(true);
    },
  );

  test("accepts its own examples", () => {
    const check = (node: unknown): void => {
      if (node === null || typeof node !== "object") return;
      const { examples, ...rest } = node as { examples?: unknown };
      if (Array.isArray(examples) && ("type" in rest || "$ref" in rest)) {
        const ajv = new Ajv({ allowUnionTypes: true, strict: false, validateFormats: false });
        const validateExample = ajv.compile({ ...rest, definitions: schema["definitions"] });
        for (const example of examples)
          expect(
            validateExample(example),
            `${JSON.stringify(example)}: ${JSON.stringify(validateExample.errors)}`,
          ).toBe(true);
      }
      for (const value of Object.values(rest)) check(value);
    };
    check(schema["properties"]);
  });
});

test("types, validator and reference are what the schema makes", () => {
  execFileSync(process.execPath, ["scripts/generate.mjs", "--check"], { cwd: root, stdio: "pipe" });
});
