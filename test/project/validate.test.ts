import { describe, expect, test } from "vitest";
import { compileText } from "../support/compile-text.ts";
import { schemaPlaces } from "../support/schema-places.ts";

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

test("the schema has several hundred places for values", () => expect(schemaPlaces.length).toBeGreaterThan(300));

describe("a value of the wrong type is one error, at its place", () => {
  test.each(VALUES)("%s", (type, value) => {
    for (const { name, types, file } of schemaPlaces) {
      const { diagnostics } = compileText(JSON.stringify(file(value)));
      const errors = diagnostics.filter((one) => one.severity === "error");
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
  for (const { name, keys, file } of schemaPlaces) {
    for (const key of keys.filter((one) => one.length > 3)) {
      const { diagnostics } = compileText(JSON.stringify(file({ [`${key}${key.at(-1)}`]: 1 })));
      const unknown = diagnostics.find((one) => one.code === "unknown-key");
      expect(unknown?.hint, `${name}.${key}`).toContain(`did you mean \`${key}\`?`);
    }
  }
});

test("no mistake anywhere shows what a variable holds", () => {
  const env = { SECRET: "hunter2 Hunter!", HALF: "hunter2" };
  for (const { name, file } of schemaPlaces) {
    for (const template of ["${SECRET}", "a${SECRET}:/b:${SECRET}", "${HALF}=${SECRET}"]) {
      const { diagnostics } = compileText(JSON.stringify(file(template)), { env });
      const said = diagnostics.map(({ message, hint, related = [] }) => [
        message,
        hint,
        related.map((one) => one.message),
      ]);
      expect(JSON.stringify(said).toLowerCase(), name).not.toContain("hunter");
    }
  }
});
