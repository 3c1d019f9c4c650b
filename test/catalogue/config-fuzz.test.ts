import { readdir, readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect } from "vitest";
import { commandLine, IDLE, projectFile } from "../support/command-line.ts";
import { compileText } from "../support/compile-text.ts";

const GOOD = projectFile({ services: { web: IDLE } });
const GOLDEN = new URL("../golden/project/", import.meta.url);

/** Pieces that mean something to YAML, to variables or to JavaScript. */
const PIECES = [
  "\t",
  "- ",
  ": ",
  "&a ",
  "*a",
  "{",
  "]",
  "'",
  '"',
  "|\n",
  "${",
  "$",
  "__proto__",
  "\0",
  "\u202E",
  "~",
  "1e999",
  "..",
  "#",
];

commandLine(
  "C20 mutations of project files are compiled or refused; none is a bug, none takes a second",
  async ({ line }) => {
    const names = (await readdir(GOLDEN)).filter((name) => !name.startsWith("good-"));
    const texts = await Promise.all(names.map((name) => readFile(new URL(`${name}/dock.yaml`, GOLDEN), "utf8")));
    const seeds = [GOOD, ...texts.filter((text) => text.length < 150)];
    const change = fc.tuple(fc.nat(), fc.nat(12), fc.constantFrom(...PIECES, ""));
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 4 }))
      .map(([seed, changes]) =>
        changes.reduce((text, [place, cut, piece]) => {
          const at = place % (text.length + 1);
          return text.slice(0, at) + piece + text.slice(at + cut);
        }, seed),
      );
    let slowest = 0;
    const before = process.cpuUsage();
    fc.assert(
      fc.property(mutated, (text) => {
        const start = performance.now();
        const { project, diagnostics } = compileText(text, { env: { A: "a", HOME: "/home/user" } });
        slowest = Math.max(slowest, performance.now() - start);
        if (project === undefined && diagnostics.length === 0) throw new Error("refused without a word");
      }),
      { numRuns: 10_000 },
    );
    const { user, system } = process.cpuUsage(before);
    expect(slowest).toBeLessThan(1000);
    expect((user + system) / 1e6).toBeLessThan(5);
    for (const text of fc.sample(mutated, 20)) {
      await line.write({ "dock.yaml": text });
      expect([0, 2]).toContain((await line.run(["validate"])).code);
    }
  },
  30_000,
);
