import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatLocation } from "../../src/diagnostic.ts";
import { parseEnvFile } from "../../src/project/env-file.ts";

const read = (text: string, format: "env" | "raw" = "env"): ReturnType<typeof parseEnvFile> =>
  parseEnvFile({ file: ".env", text }, format);
const values = (text: string): Record<string, string> => ({ ...read(text).values });

describe("an env file", () => {
  test.each([
    ["A=1", { A: "1" }],
    ["  A = 1  ", { A: "1" }],
    ["export A=1", { A: "1" }],
    ["export\tA=1", { A: "1" }],
    ["exported=1", { exported: "1" }],
    ["A=", { A: "" }],
    ["A= # nothing", { A: "" }],
    ["A=b#c", { A: "b#c" }],
    ["A=b #c", { A: "b" }],
    ["# A=1\n\n  # B=2\nC=3", { C: "3" }],
    ["A=1\r\nB=2\r\n", { A: "1", B: "2" }],
    ["\uFEFFA=1", { A: "1" }],
    ["A='$B \\n \"x\"'", { A: '$B \\n "x"' }],
    ['A="x\\ny \\"q\\" \\\\ \\$B \\d"', { A: 'x\ny "q" \\ $B \\d' }],
    ['A="1\n2"\nB=3', { A: "1\n2", B: "3" }],
    ["A='1\r\n2'", { A: "1\n2" }],
    ['A="x" # comment', { A: "x" }],
    ["A=$B ${C}", { A: "$B ${C}" }],
    ["A=it's", { A: "it's" }],
    ["A=1\nA=2", { A: "2" }],
    ["A=b=c", { A: "b=c" }],
    ["a.b-c=1", { "a.b-c": "1" }],
  ])("%j", (text, expected) => {
    expect(read(text).diagnostics).toEqual([]);
    expect(values(text)).toEqual(expected);
  });

  test("in the raw format keeps everything behind the equals sign", () => {
    const { values: raw, diagnostics } = read(`A="x" # y\nB= z \r\nexport C=1\n`, "raw");
    expect({ ...raw }).toEqual({ A: '"x" # y', B: " z " });
    expect(diagnostics.map((one) => one.message)).toEqual(["the name is not followed by `=`"]);
  });

  test("takes a name without a value from the environment", () => {
    expect(read("A\nexport B\nC=1\nC\n").inherited).toEqual(["A", "B"]);
  });

  test("reports every line that is none, without its value", () => {
    const { diagnostics } = read('A=1\n=secret\nB secret\n"C"=secret\nD="secret\n');
    expect(diagnostics.map((one) => one.at && formatLocation(one.at))).toEqual([
      ".env:2:1",
      ".env:3:1",
      ".env:4:1",
      ".env:5:3",
    ]);
    expect(JSON.stringify(diagnostics.map((one) => [one.message, one.hint]))).not.toContain("secret");
  });

  test("has no prototype to reach", () => {
    const { values: map, diagnostics } = read("__proto__=1\nconstructor=2\n");
    expect(diagnostics).toHaveLength(2);
    expect(Object.keys(map)).toEqual([]);
  });
});

test("what is written in quotes is read back as it was", () => {
  const value = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\r"));
  const name = fc
    .stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,10}$/)
    .filter((text) => text !== "export" && text !== "constructor" && text !== "prototype");
  fc.assert(
    fc.property(fc.dictionary(name, value), (record) => {
      const double = Object.entries(record).map(([key, text]) => `${key}="${text.replace(/[\\"$]/g, "\\$&")}"`);
      expect(values(double.join("\n"))).toEqual({ ...record });
      const single = Object.entries(record).filter(([, text]) => !text.includes("'"));
      expect(values(single.map(([key, text]) => `export ${key}='${text}' # x`).join("\r\n"))).toEqual(
        Object.fromEntries(single),
      );
    }),
  );
});
