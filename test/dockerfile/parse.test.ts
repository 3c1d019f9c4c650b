import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDockerfile } from "../../src/dockerfile/parse.ts";
import { contextReads, mayRead } from "../../src/dockerfile/reads.ts";
import { externalReferences, replaceReferences } from "../../src/dockerfile/references.ts";
import { hiddenByBind } from "../../src/dockerfile/hidden.ts";

const VIEW = { binds: [{ target: "/app", kind: "directory" as const }], otherMounts: [], links: new Map([["a", "b"]]) };
const SCOPE = { args: { A: "a" }, target: "b" };

const PIECES = [
  "FROM ",
  "RUN ",
  "COPY ",
  "ADD ",
  "ENV ",
  "ARG ",
  "WORKDIR ",
  "ONBUILD ",
  "VOLUME ",
  "# escape=`",
  " AS b",
  "--from=a ",
  "--mount=type=bind,from=a,source=x ",
  "<<EOF",
  "EOF",
  "\n",
  "\n",
  "\r\n",
  "\\\n",
  "`\n",
  "#",
  '"',
  "'",
  "$",
  "${",
  "}",
  ":-",
  "%",
  "[",
  "]",
  ",",
  "=",
  " ",
  "a",
  "/",
  "*",
  "é",
  "𝒳",
  "\uFEFF",
  "\0",
];
const anyDockerfile = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 200 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", maxLength: 300 }),
);

/** Milliseconds of the fastest of a few runs: others share this machine. */
function fastest(work: () => unknown): number {
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}

describe("parseDockerfile", () => {
  it("never throws, nor does what is asked of its result", () => {
    fc.assert(
      fc.property(anyDockerfile, (text) => {
        const dockerfile = parseDockerfile(text);
        externalReferences(dockerfile, SCOPE);
        const hiding = hiddenByBind(dockerfile, {}, VIEW);
        for (const path of ["a", "b/c"]) {
          if (hiding.hides(path)) expect(mayRead(contextReads(dockerfile, {}))(path)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["one long line", `FROM a\nRUN ${"x ".repeat(250_000)}`],
    ["many continued lines", `FROM a\nRUN ${"x \\\n".repeat(20_000)}`],
    ["many instructions", `FROM a\n${"COPY --from=b c d\n".repeat(3000)}`],
    ["many heredocs", `FROM a\n${"RUN <<EOF\nx\nEOF\n".repeat(3000)}`],
    ["deep substitutions", `FROM ${"${a:-".repeat(50_000)}`],
    ["a directive full of space", `# escape=${" ".repeat(300_000)}x`],
    ["open quotes", `FROM a\nENV x=${'"'.repeat(99_999)}`],
    ["stars in a source", `FROM a\nCOPY ${"*a".repeat(30)} /\nCOPY ${"**/".repeat(2000)} /`],
    ["stars in a substitution", `ARG V=${"a".repeat(2000)}\nFROM \${V%%${"*a".repeat(40)}b}`],
    ["spaces behind backslashes", `FROM a\nRUN ${"\\ ".repeat(100_000)}x`],
  ])("reads %s in no time", (_, text) => {
    const time = fastest(() => {
      const dockerfile = parseDockerfile(text);
      contextReads(dockerfile, {});
      mayRead(contextReads(dockerfile, {}))("a".repeat(60));
    });
    expect(time).toBeLessThan(500);
  });

  it("reads a file of ordinary size in a few milliseconds", () => {
    const text = `FROM node AS a\n${"RUN x && \\\n  y\nCOPY a b /c/\nENV A=1 B=$A\n".repeat(50)}`;
    expect(fastest(() => hiddenByBind(parseDockerfile(text), {}, VIEW).significance("a/b"))).toBeLessThan(50);
  });
});

describe("replaceReferences", () => {
  const reference = fc.constantFrom("app", "web", "alpine:3", "${BASE}", '"app"', "a\\\npp", "one", "0", "scratch");
  const line = fc.oneof(
    fc.tuple(reference, fc.constantFrom("", " AS one", " AS two")).map(([ref, as]) => `FROM ${ref}${as}`),
    reference.map((ref) => `COPY --from=${ref} x y`),
    reference.map((ref) => `RUN --mount=target=/t,from=${ref.replaceAll('"', "")} x`),
    fc.constantFrom("", "# app", "RUN app \\\n  app", "RUN <<EOF\nFROM app\nEOF"),
  );
  const file = fc
    .array(line, { minLength: 1, maxLength: 8 })
    .map((lines) => ["ARG BASE=web", "FROM app", ...lines, "FROM app", ""].join("\n"));

  it("keeps every line's number and leaves nothing to replace", () => {
    const replacements = new Map([
      ["app", "p-app:in-1"],
      ["web", "p-web:in-2"],
    ]);
    fc.assert(
      fc.property(file, (text) => {
        const before = parseDockerfile(text);
        const replaced = parseDockerfile(replaceReferences(before, replacements, {}));
        expect(replaced.text.split("\n").length).toBe(text.split("\n").length);
        expect(replaced.stages.map((stage) => stage.lines)).toEqual(before.stages.map((stage) => stage.lines));
        expect(replaced.problems).toEqual(before.problems);
        const refs = externalReferences(before, {}).map(({ ref }) => replacements.get(ref) ?? ref);
        expect(externalReferences(replaced, {}).map(({ ref }) => ref)).toEqual(refs);
      }),
      { numRuns: 500 },
    );
  });
});
