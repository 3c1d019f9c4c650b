import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/std/clock.ts";
import { type Claim, type Coverage, coverageOf } from "../../src/watch/coverage.ts";
import type { Hint } from "../../src/watch/hint.ts";
import { openSource, type Source, type WatchLimit } from "../../src/watch/source.ts";
import { tempTree } from "./temp-tree.ts";

interface Heard extends AsyncDisposable {
  readonly source: Source;
  readonly hints: Hint[];
  readonly limits: WatchLimit[];
  /** Resolves when a hint about the path, or about everything, has come since the last call. */
  heard(path: string): Promise<void>;
}

async function listen(coverage: Coverage): Promise<Heard> {
  const hints: Hint[] = [];
  const limits: WatchLimit[] = [];
  const source = await openSource(coverage, {
    clock: systemClock,
    tell: (hint) => void hints.push(hint),
    onLimit: (limit) => void limits.push(limit),
  });
  const heard = async (path: string): Promise<void> => {
    await vi.waitFor(() => expect(hints).toContainEqual({ kind: "path", path }), { timeout: 5000, interval: 5 });
    hints.length = 0;
  };
  return { source, hints, limits, heard, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
}

const tree = (
  root: string,
  prunes: (path: string) => boolean = () => false,
  leavesOut: (path: string) => boolean = () => false,
): Claim => ({
  key: root,
  root,
  what: { kind: "tree", prunes, leavesOut },
});

describe("hints", () => {
  test("writing, making, renaming and removing a file give hints about it", async () => {
    using files = tempTree({ "src/a.ts": "1" });
    await using told = await listen(coverageOf([tree(files.path)]));
    writeFileSync(files.at("src/a.ts"), "2");
    await told.heard(files.at("src/a.ts"));
    writeFileSync(files.at("src/b.ts"), "new");
    await told.heard(files.at("src/b.ts"));
    renameSync(files.at("src/b.ts"), files.at("src/a.ts"));
    await told.heard(files.at("src/a.ts"));
    rmSync(files.at("src/a.ts"));
    await told.heard(files.at("src/a.ts"));
  });

  test("a file that was replaced by renaming another one over it is still watched", async () => {
    using files = tempTree({ "a.ts": "1" });
    await using told = await listen(coverageOf([tree(files.path)]));
    for (let round = 0; round < 5; round += 1) {
      writeFileSync(files.at("a.ts.new"), String(round));
      renameSync(files.at("a.ts.new"), files.at("a.ts"));
      await told.heard(files.at("a.ts"));
    }
  });

  test("directories that appear are watched, however deep and however quickly", async () => {
    using files = tempTree({ "a.ts": "1" });
    await using told = await listen(coverageOf([tree(files.path)]));
    files.write("x/y/z/deep.ts", "1");
    await told.heard(files.at("x"));
    told.source.again(["x", "x/y", "x/y/z"].map((path) => files.at(path)));
    await vi.waitFor(() => {
      writeFileSync(files.at("x/y/z/deep.ts"), String(Math.random()));
      expect(told.hints).toContainEqual({ kind: "path", path: files.at("x/y/z/deep.ts") });
    });
  });

  test("nothing is heard of what is pruned, left out, or an editor's temporary file", async () => {
    using files = tempTree({ "src/a.ts": "1", "node_modules/m/index.js": "1", "debug.log": "" });
    const coverage = coverageOf([
      tree(
        files.path,
        (path) => path.endsWith("/node_modules"),
        (path) => path.endsWith(".log"),
      ),
    ]);
    await using told = await listen(coverage);
    writeFileSync(files.at("node_modules/m/index.js"), "2");
    writeFileSync(files.at("debug.log"), "noise");
    writeFileSync(files.at("src/a.ts~"), "backup");
    writeFileSync(files.at("src/4913"), "");
    writeFileSync(files.at("src/a.ts"), "2");
    await vi.waitFor(() => expect(told.hints.length).toBeGreaterThan(0));
    expect(told.hints.every((hint) => hint.kind === "path" && hint.path === files.at("src/a.ts"))).toBe(true);
  });

  test("a single file is watched by its directory, and not what lies beside it", async () => {
    using files = tempTree({ "dock.yaml": "1", "other.txt": "1" });
    const claim: Claim = { key: "f", root: files.path, what: { kind: "files", names: new Set(["dock.yaml", ".env"]) } };
    await using told = await listen(coverageOf([claim]));
    writeFileSync(files.at("other.txt"), "2");
    writeFileSync(files.at(".env"), "A=1");
    await told.heard(files.at(".env"));
    renameSync(files.at("other.txt"), files.at("dock.yaml"));
    await told.heard(files.at("dock.yaml"));
  });

  test("below a root that is a link, hints name the path through the link", async () => {
    using files = tempTree({ "real/a.ts": "1" });
    symlinkSync("real", files.at("link"));
    await using told = await listen(coverageOf([{ ...tree(files.at("link")), linked: true }]));
    writeFileSync(files.at("real/a.ts"), "2");
    await told.heard(files.at("link/a.ts"));
  });

  test("covering other places stops the hints about the old ones", async () => {
    using files = tempTree({ "a/1.ts": "1", "b/2.ts": "1" });
    await using told = await listen(coverageOf([tree(files.at("a"))]));
    await told.source.cover(coverageOf([tree(files.at("b"))]));
    writeFileSync(files.at("a/1.ts"), "2");
    writeFileSync(files.at("b/2.ts"), "2");
    await vi.waitFor(() => expect(told.hints.length).toBeGreaterThan(0));
    expect(told.hints.every((hint) => hint.kind === "path" && dirname(hint.path) === files.at("b"))).toBe(true);
  });
});

test("a root that was deleted is watched again when it is back", async () => {
  using files = tempTree({ "root/a.ts": "1" });
  await using told = await listen(coverageOf([tree(files.at("root"))]));
  rmSync(files.at("root"), { recursive: true });
  await vi.waitFor(() => expect(told.hints.some(({ kind }) => kind === "everything")).toBe(true), { timeout: 5000 });
  told.hints.length = 0;
  mkdirSync(files.at("root"));
  await vi.waitFor(() => expect(told.hints.some(({ kind }) => kind === "everything")).toBe(true), { timeout: 5000 });
  writeFileSync(files.at("root/a.ts"), "2");
  await told.heard(files.at("root/a.ts"));
});

/** Inotify watches of this process. */
function watches(): number {
  const infos = readdirSync("/proc/self/fdinfo").map((name) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${name}`, "utf8");
    } catch {
      return "";
    }
  });
  return infos.join("\n").match(/^inotify /gm)?.length ?? 0;
}

test("a tree of many files costs one watch a directory", async () => {
  using files = tempTree();
  for (let index = 0; index < 400; index += 1) files.write(`d${index % 20}/f${index}.ts`, "x");
  const before = watches();
  await using told = await listen(coverageOf([tree(files.path)]));
  expect(watches() - before).toBe(21);
  expect(told.hints).toEqual([]);
});
