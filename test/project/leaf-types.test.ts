import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compileText } from "../support/compile-text.ts";

interface Schema {
  readonly type?: string | readonly string[];
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly $ref?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const root = JSON.parse(readFileSync(new URL("../../schema/dock.schema.json", import.meta.url), "utf8")) as Schema;

/** A value in the schema: its types, and how a file looks that holds a given value there. */
interface Node {
  readonly name: string;
  readonly types: readonly string[];
  readonly keys: readonly string[];
  readonly file: (value: unknown) => unknown;
}

const SAMPLES: Readonly<Record<string, unknown>> = {
  id: "x",
  soft: 1,
  hard: 2,
  target: "/x",
  source: "x",
  path: "./x",
  action: "none",
  type: "image",
  signal: "SIGHUP",
  command: "x",
};

/** What stands beside a key, by the end of its name, for the rest of the file to be right. */
const BESIDE: readonly (readonly [string, object])[] = [
  ["services.*.build", {}],
  ["mounts[].bind", { target: "/x", source: "./x" }],
  ["volumes[].bind", { target: "/x", source: "./x" }],
  ["watch[].exec", { path: "./x", action: "exec" }],
  ["watch[].target", { path: "./x", action: "sync" }],
];

function* nodes(schema: Schema, name: string, file: Node["file"]): Generator<Node> {
  const { $ref, ...siblings } = schema;
  const target = $ref === undefined ? schema : { ...root.definitions?.[$ref.split("/").at(-1) ?? ""], ...siblings };
  const types = [target.type ?? []].flat();
  const properties = Object.entries(target.properties ?? {});
  yield {
    name,
    types: target.pattern === "\\$" ? types.filter((type) => type !== "string") : types,
    keys: properties.map(([key]) => key),
    file,
  };
  const isPort = target.properties?.["published"] !== undefined;
  const required = Object.fromEntries((target.required ?? []).map((key) => [key, isPort ? 80 : SAMPLES[key]]));
  const around = name === "services.*" ? { image: "busybox" } : required;
  for (const [key, property] of properties) {
    const surroundings = BESIDE.find(([end]) => `${name}.${key}`.endsWith(end))?.[1] ?? around;
    yield* nodes(property, `${name === "" ? "" : `${name}.`}${key}`, (value) =>
      file({ ...surroundings, [key]: value }),
    );
  }
  if (target.items) yield* nodes(target.items, `${name}[]`, (value) => file([value]));
  if (typeof target.additionalProperties !== "object") return;
  const entry = name === "services" ? { k: { image: "busybox" } } : {};
  yield* nodes(target.additionalProperties, `${name}.*`, (value) =>
    file({ ...entry, [name === "services" ? "web" : "k"]: value }),
  );
}

const all = [
  ...nodes(root, "", (value) => ({ services: { s: { image: "busybox" } }, networks: { k: {} }, ...(value as object) })),
].slice(1);

const VALUES: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["boolean", true],
  ["integer", 3],
  ["number", 1.5],
  ["string", "x"],
  ["array", []],
  ["object", {}],
];

const allows = (types: readonly string[], type: string): boolean =>
  types.includes(type) || (type === "integer" && types.includes("number"));

test("the schema has several hundred places for values", () => expect(all.length).toBeGreaterThan(300));

describe("a value of the wrong type is one error, at its place", () => {
  test.each(VALUES)("%s", (type, value) => {
    for (const { name, types, file } of all) {
      const { diagnostics } = compileText(JSON.stringify(file(value)));
      const errors = diagnostics.filter((one) => one.severity === "error" && one.code !== "not-supported-yet");
      if (allows(types, type))
        expect(
          errors.filter((one) => one.code === "wrong-type"),
          name,
        ).toEqual([]);
      else
        expect(
          errors.map((one) => one.code),
          `${name}: ${JSON.stringify(errors)}`,
        ).toEqual(["wrong-type"]);
    }
  });
});

test("a mistyped key of any map is reported with the right one", () => {
  for (const { name, keys, file } of all) {
    for (const key of keys.filter((one) => one.length > 3)) {
      const { diagnostics } = compileText(JSON.stringify(file({ [`${key}${key.at(-1)}`]: 1 })));
      const unknown = diagnostics.find((one) => one.code === "unknown-key");
      expect(unknown?.hint, `${name}.${key}`).toContain(`did you mean \`${key}\`?`);
    }
  }
});
