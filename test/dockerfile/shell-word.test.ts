import { describe, expect, it } from "vitest";
import { expand, UNKNOWN } from "../../src/dockerfile/shell-word.ts";

const VALUES: Readonly<Record<string, string>> = { NAME: "value", EMPTY: "", PATH: "/usr/local/bin", DOTS: "a.b.c" };

function lookup(name: string): string | typeof UNKNOWN | undefined {
  return name === "SOMETHING" ? UNKNOWN : VALUES[name];
}

describe("expand", () => {
  it.each([
    ["plain", "plain"],
    ["$NAME", "value"],
    ["${NAME}x", "valuex"],
    ["$NAMEx", ""],
    ["a$", "a$"],
    ["$1$@", ""],
    ["${EMPTY:-default}", "default"],
    ["${EMPTY-default}", ""],
    ["${NOT:-${NAME}}", "value"],
    ["${NAME:+set}${EMPTY:+set}${EMPTY+there}${NOT+there}", "setthere"],
    ["${NAME?needed}", "value"],
    ["'$NAME'", "$NAME"],
    ["\"$NAME 'x'\"", "value 'x'"],
    ["\\$NAME", "$NAME"],
    ['"\\$NAME \\x"', "$NAME \\x"],
    ["${PATH#*/}", "usr/local/bin"],
    ["${PATH##*/}", "bin"],
    ["${PATH%/*}", "/usr/local"],
    ["${PATH%%/*}", ""],
    ["${DOTS#a?}", "b.c"],
    ["${DOTS/./-}", "a-b.c"],
    ["${DOTS//./-}", "a-b-c"],
    ["${NOT%x}", ""],
    ["<< x", "<< x"],
  ])("makes of %s %s", (text, expected) => {
    expect(expand(text, lookup)?.text).toBe(expected);
  });

  it.each(["${", "${NAME", "${}", "${:x}", "${NAME;x}", '"open', "'open", "${NOT:?needed}", "${NOT?}", "${NAME/v}"])(
    "has no value for the malformed %s",
    (text) => {
      expect(expand(text, lookup)).toBeUndefined();
    },
  );

  it.each(["$SOMETHING", "${SOMETHING:-x}", "${NAME:-$SOMETHING}", "${DOTS/*/x}"])("does not know %s", (text) => {
    expect(expand(text, lookup)).toBeUndefined();
  });

  it("splits what stands outside of quotes after expansion", () => {
    expect(expand("a 'b c' $NAME\"d  e\" \\ f", lookup)?.words).toEqual(["a", "b c", "valued  e", " f"]);
  });

  it("takes the escape character that the file chose", () => {
    expect(expand("`$NAME\\x", lookup, { escape: "`" })?.text).toBe("$NAME\\x");
  });
});
