import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PatternList, patternList, readIgnoreFile } from "../../src/context/ignore.ts";
import { contextRoot, walk, type WalkedEntry, type WalkFilter, type WalkReport } from "../../src/context/walk.ts";
import { assertFollows, START } from "../../src/engine/buildkit/transfer-order.ts";
import { DockError } from "../../src/error.ts";
import { randomContext, writeTree } from "../support/random-tree.ts";
import { visiblePaths } from "./naive-ignore.ts";
import { temporaryDirectory, unprivileged } from "./temporary.ts";

async function walked(root: string, filter: WalkFilter = {}, report?: WalkReport): Promise<readonly WalkedEntry[]> {
  const entries: WalkedEntry[] = [];
  for await (const batch of walk(root, filter, report ? { report } : {})) entries.push(...batch);
  return entries;
}

function ignoring(...lines: readonly string[]): WalkFilter {
  return { exclude: patternList(readIgnoreFile(lines.join("\n")), ".dockerignore") };
}

function assertOrder(entries: readonly WalkedEntry[]): void {
  let place = START;
  for (const entry of entries) place = assertFollows(place, entry);
}

describe("walk", () => {
  it("leaves of 200 made-up trees what the ignore file leaves, in the order of a transfer", async () => {
    await fc.assert(
      fc.asyncProperty(randomContext, async ({ tree, ignoreLines }) => {
        const root = temporaryDirectory();
        writeTree(root, tree);
        const entries = await walked(root, ignoring(...ignoreLines));
        assertOrder(entries);
        expect(entries.map((entry) => entry.path).sort()).toEqual([...visiblePaths(tree, ignoreLines)].sort());
        for (const { path, kind } of entries) expect(kind).toBe(tree.get(path)?.kind);
        rmSync(root, { recursive: true });
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it("gives a directory for what is included below it, and for nothing else", async () => {
    const root = temporaryDirectory();
    for (const directory of ["a/b/c", "a/d", "e"]) mkdirSync(`${root}/${directory}`, { recursive: true });
    for (const file of ["a/b/c/1.txt", "a/b/2.js", "a/d/3.js", "e/4.txt"]) writeFileSync(`${root}/${file}`, "");
    const include = patternList(["a/b/c", "**/*.nothing", "e/*.txt"], "");
    const entries = await walked(root, { include, exclude: patternList(["e", "!e/4.txt"], "") });
    expect(entries.map((entry) => entry.path)).toEqual(["a", "a/b", "a/b/c", "a/b/c/1.txt", "e", "e/4.txt"]);
  });

  it("does not look into ignored directories where nothing can be excepted", async () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/ignored`);
    chmodSync(root, 0o755);
    chmodSync(`${root}/ignored`, 0);
    const names = async (...lines: readonly string[]): Promise<readonly string[]> =>
      (await unprivileged(() => walked(root, ignoring(...lines)))).map((entry) => entry.path);
    expect(await names("ignored")).toEqual([]);
    // Here it has to look, and what it can't read is ignored anyway.
    expect(await names("*", "!**/x")).toEqual([]);
  });

  it("names a directory that it can't read", async () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/src/secret`, { recursive: true });
    chmodSync(root, 0o755);
    chmodSync(`${root}/src/secret`, 0);
    const walking = unprivileged(() => walked(root));
    await expect(walking).rejects.toThrow("cannot read src/secret of the build context: EACCES");
    await expect(walking).rejects.toBeInstanceOf(DockError);
  });

  it("tells what kind things are, and opens none of them", async () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/file`, "");
    mkdirSync(`${root}/directory`);
    symlinkSync("/dev/zero", `${root}/link`);
    symlinkSync("directory", `${root}/dirlink`);
    execFileSync("mkfifo", [`${root}/fifo`]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(`${root}/socket`, resolve));
    const report: WalkReport = { sockets: [] };
    const entries = await walked(root, {}, report);
    await new Promise((resolve) => server.close(resolve));
    expect(entries).toEqual([
      { path: "directory", kind: "directory" },
      { path: "dirlink", kind: "symlink" },
      { path: "fifo", kind: "fifo" },
      { path: "file", kind: "file" },
      { path: "link", kind: "symlink" },
    ]);
    expect(report.sockets).toEqual(["socket"]);
  });

  it("refuses names that a builder can't be told", async () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/sub`);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/sub/caf`), Buffer.from([0xe9])]), "");
    writeFileSync(`${root}/fine-\uFFFD`, "");
    await expect(walked(root)).rejects.toThrow('a file name in sub is not UTF-8: "café"');
    expect((await walked(root, ignoring("sub"))).map((entry) => entry.path)).toEqual(["fine-\uFFFD"]);
  });

  it("stops when it is told to, at once or on the way", async () => {
    const root = temporaryDirectory();
    for (let index = 0; index < 30; index += 1) writeFileSync(`${root}/${index}`, "");
    const filter: WalkFilter = { exclude: SLOW };
    const reason = new Error("enough");
    await expect(walk(root, filter, { signal: AbortSignal.abort(reason) }).next()).rejects.toBe(reason);
    const controller = new AbortController();
    const walking = walk(root, filter, { signal: controller.signal });
    await walking.next();
    controller.abort(reason);
    await expect(walking.next()).rejects.toBe(reason);
  });

  it("lets others have the event loop", async () => {
    const root = temporaryDirectory();
    for (let index = 0; index < 60; index += 1) writeFileSync(`${root}/${index}`, "");
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    await walked(root, { exclude: SLOW });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });
});

/** A pattern that has a say everywhere. */
const SLOW: PatternList = { match: slowly, patterns: [{ text: "**/x", exception: false }], hasExceptions: false };

function slowly(): { readonly matched: boolean; readonly matches: readonly boolean[] } {
  const start = performance.now();
  while (performance.now() - start < 1);
  return { matched: false, matches: [] };
}

describe("contextRoot", () => {
  it("is the real path of a directory", () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/real`);
    symlinkSync("real", `${root}/link`);
    expect(contextRoot(`${root}/link`)).toBe(contextRoot(`${root}/real`));
  });

  it("names a context that is missing or a file", () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/file`, "");
    expect(() => contextRoot(`${root}/missing`)).toThrow(`build context ${root}/missing does not exist`);
    expect(() => contextRoot(`${root}/file/below`)).toThrow(`build context ${root}/file/below does not exist`);
    expect(() => contextRoot(`${root}/file`)).toThrow(`build context ${root}/file is not a directory`);
  });
});
