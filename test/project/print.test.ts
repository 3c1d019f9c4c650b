import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { type Plain, yamlText } from "../../src/project/print.ts";

test("a project reads as people write one", () => {
  const value = {
    name: "shop",
    services: {
      web: {
        command: ["serve", "--port", "80"],
        environment: { DEBUG: "no", EMPTY: "", PORT: "80", URL: "http://db:5432/x", WORDS: "two words" },
        ports: [{ container: 80, host: null }, { container: 81 }],
        labels: {},
        mounts: [],
        script: "set -e\n\nexec serve\n",
        nested: [["a", "b"], [[]]],
      },
    },
  };
  expect(yamlText(value)).toBe(`name: shop
services:
  web:
    command:
      - serve
      - "--port"
      - "80"
    environment:
      DEBUG: "no"
      EMPTY: ""
      PORT: "80"
      URL: http://db:5432/x
      WORDS: two words
    ports:
      - container: 80
        host: null
      - container: 81
    labels: {}
    mounts: []
    script: |
      set -e

      exec serve
    nested:
      - - a
        - b
      - - []
`);
});

const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc
    .array(fc.constantFrom("a", " ", "\n", ":", "#", "-", "'", '"', "\t", "no", "1", "~", "|", "&", "\u2028"), {
      maxLength: 6,
    })
    .map((parts) => parts.join("")),
);
const plain = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.boolean(),
    fc.constant(null),
    fc.integer(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(text, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

test("whatever is printed is read as the same again", () => {
  fc.assert(
    fc.property(plain, (value) => {
      expect(parse(yamlText(value), { uniqueKeys: false })).toEqual(value);
    }),
    { numRuns: 500 },
  );
});
