import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitWords } from "../../src/project/command-words.ts";

describe("a command in one string", () => {
  test.each([
    ["npm run dev", ["npm", "run", "dev"]],
    ["  a \t b\n c  ", ["a", "b", "c"]],
    ["", []],
    [`sh -c 'echo "a b"'`, ["sh", "-c", 'echo "a b"']],
    [`"a b"c'd e'`, ["a bcd e"]],
    [`'' ""`, ["", ""]],
    ['a\\ b \\"', ["a b", '"']],
    [`"\\n \\" \\\\ \\$"`, ['\\n " \\ $']],
    ["a \\\n b", ["a", "b"]],
    ["$HOME && x > y", ["$HOME", "&&", "x", ">", "y"]],
  ])("%j", (text, words) => expect(splitWords(text)).toEqual({ kind: "words", words }));

  test.each(['"a', "'a", "a\\", 'a "b'])("%j is a mistake", (text) => expect(splitWords(text).kind).toBe("mistake"));

  test("takes words in single quotes as they are", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const text = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
        expect(splitWords(text)).toEqual({ kind: "words", words });
      }),
    );
  });
});
