import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { interpolate } from "../../src/project/interpolate.ts";

const VARIABLES: Readonly<Record<string, string>> = { A: "a", EMPTY: "", TEXT: "$A ${A} $$\n: #" };
const lookup = (name: string): string | undefined => VARIABLES[name];
const texts = (template: string): string | undefined => {
  const result = interpolate(template, lookup);
  return result.kind === "text" ? result.text : `! ${result.message}`;
};

describe("a template with variables", () => {
  test.each([
    ["plain", "plain"],
    ["$A", "a"],
    ["${A}", "a"],
    ["x${A}y$A.z", "xaya.z"],
    ["$$A $${A} $$$A", "$A ${A} $a"],
    ["${B-d}", "d"],
    ["${B:-d}", "d"],
    ["${EMPTY-d}", ""],
    ["${EMPTY:-d}", "d"],
    ["${A:-d}", "a"],
    ["${B:-}", ""],
    ["${A:+x}", "x"],
    ["${EMPTY:+x}", ""],
    ["${EMPTY+x}", "x"],
    ["${B+x}", ""],
    ["${A:?m}", "a"],
    ["${EMPTY?m}", ""],
    ["${B:-${C:-${A}}}", "a"],
    ["${B:-$A-${A}}", "a-a"],
    ["${A:-${NOT_SET}}", "a"],
    ["${B:+${NOT_SET}}", ""],
    ["${A:-${C:?never said}}", "a"],
    ["${B:-$$}", "$"],
    ["a}b{", "a}b{"],
  ])("%s gives %j", (template, expected) => expect(texts(template)).toBe(expected));

  test("is read once: what a variable holds is not a template", () =>
    expect(texts("<$TEXT>")).toBe("<$A ${A} $$\n: #>"));

  test.each([
    ["$B", "! the variable `B` is not set"],
    ["${B}", "! the variable `B` is not set"],
    ["${B:?give one}", "! the variable `B` is not set: give one"],
    ["${EMPTY:?give one}", "! the variable `EMPTY` is empty: give one"],
    ["${B:-$C}", "! the variable `C` is not set"],
    ["${A:+$C}", "! the variable `C` is not set"],
    ["$", "! this `$` starts no variable"],
    ["5$", "! this `$` starts no variable"],
    ["$1", "! this `$` starts no variable"],
    ["${", "! `${` is not followed by the name of a variable"],
    ["${}", "! `${` is not followed by the name of a variable"],
    ["${A", "! `${A` is not closed by `}`"],
    ["${A:x}", "! `${A` is not closed by `}`"],
    ["${A:-x", "! `${A` is not closed by `}`"],
    ["${matrix.x}", "! `${matrix.x}` is no axis of a matrix of this image"],
  ])("%s is a mistake", (template, expected) => expect(texts(template)).toBe(expected));
});

test("any text whose dollar signs are doubled comes out as it was", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(texts(text.replaceAll("$", "$$$$"))).toBe(text);
    }),
  );
});

test("no template throws", () => {
  const part = fc.constantFrom("$", "{", "}", "A", "B", ":", "-", "?", "+", "$$", "${", " ");
  fc.assert(fc.property(fc.array(part, { maxLength: 30 }), (parts) => void interpolate(parts.join(""), lookup)));
});
