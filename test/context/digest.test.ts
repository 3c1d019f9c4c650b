import {
  appendFileSync,
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ContextDigest, digestContext, type DigestRequest, manifestDigest } from "../../src/context/digest.ts";
import { patternList, readIgnoreFile } from "../../src/context/ignore.ts";
import { FileStatCache } from "../../src/context/stat-cache.ts";
import type { ContextRead } from "../../src/dockerfile/reads.ts";
import { randomContext, type Tree, writeTree } from "../support/random-tree.ts";
import { visiblePaths } from "./naive-ignore.ts";
import { temporaryDirectory, unprivileged } from "./temporary.ts";

const NOTHING_IGNORED = patternList([], "");

function digestOf(root: string, request: Partial<DigestRequest> = {}): Promise<ContextDigest> {
  return digestContext(root, { ignore: NOTHING_IGNORED, reads: "everything", ...request });
}

function reading(...sources: readonly string[]): readonly ContextRead[] {
  return [{ kind: "copy", sources, stage: 0, lines: { start: 1, end: 1 } }];
}

/** A directory with a bit of everything. */
function sample(): string {
  const root = temporaryDirectory();
  mkdirSync(`${root}/src/empty`, { recursive: true });
  writeFileSync(`${root}/package.json`, "{}");
  writeFileSync(`${root}/src/main.js`, "main");
  writeFileSync(`${root}/src/run.sh`, "run", { mode: 0o755 });
  symlinkSync("src/main.js", `${root}/link`);
  return root;
}

describe("digestContext", () => {
  it("depends on nothing but paths, types, exec bits and contents", async () => {
    const root = sample();
    const before = await digestOf(root);
    utimesSync(`${root}/src/main.js`, 1, 1);
    chmodSync(`${root}/package.json`, 0o600);
    chmodSync(`${root}/src`, 0o700);
    linkSync(`${root}/package.json`, `${temporaryDirectory()}/elsewhere`);
    if (process.geteuid?.() === 0) chownSync(`${root}/src/main.js`, 1000, 1000);
    expect((await digestOf(root)).digest).toBe(before.digest);
  });

  it.each<readonly [string, (root: string) => void]>([
    ["a content", (root) => writeFileSync(`${root}/src/main.js`, "niam")],
    ["an exec bit", (root) => chmodSync(`${root}/src/main.js`, 0o744)],
    ["a new file", (root) => writeFileSync(`${root}/src/new`, "")],
    ["a lost file", (root) => rmSync(`${root}/package.json`)],
    ["a new empty directory", (root) => mkdirSync(`${root}/src/empty/more`)],
    ["a lost empty directory", (root) => rmSync(`${root}/src/empty`, { recursive: true })],
    [
      "a link's target",
      (root) => {
        rmSync(`${root}/link`);
        symlinkSync("src/run.sh", `${root}/link`);
      },
    ],
    [
      "a file in place of a link",
      (root) => {
        rmSync(`${root}/link`);
        writeFileSync(`${root}/link`, "src/main.js");
      },
    ],
  ])("changes with %s", async (_, change) => {
    const root = sample();
    const before = await digestOf(root);
    change(root);
    expect((await digestOf(root)).digest).not.toBe(before.digest);
  });

  it("is equal for equal trees in different places, and only for those", async () => {
    const at = async (tree: Tree): Promise<string> => {
      const root = temporaryDirectory();
      writeTree(root, tree);
      const { digest } = await digestOf(root);
      rmSync(root, { recursive: true });
      return digest;
    };
    await fc.assert(
      fc.asyncProperty(randomContext, randomContext, async ({ tree: one }, { tree: other }) => {
        expect(await at(one)).toBe(await at(one));
        expect((await at(one)) === (await at(other))).toBe(spell(one) === spell(other));
      }),
      { numRuns: 25 },
    );
  }, 30_000);

  it("takes what the ignore file leaves", async () => {
    await fc.assert(
      fc.asyncProperty(randomContext, async ({ tree, ignoreLines }) => {
        const root = temporaryDirectory();
        writeTree(root, tree);
        const visible = visiblePaths(tree, ignoreLines);
        const ignored = await digestOf(root, { ignore: patternList(readIgnoreFile(ignoreLines.join("\n")), "") });
        for (const path of [...tree.keys()].reverse())
          if (!visible.has(path)) rmSync(`${root}/${path}`, { recursive: true, force: true });
        expect(ignored.digest).toBe((await digestOf(root)).digest);
        rmSync(root, { recursive: true });
      }),
      { numRuns: 25 },
    );
  }, 30_000);

  it("takes only what is read, and what links lead to", async () => {
    const root = sample();
    const read = async (...sources: readonly string[]): Promise<readonly string[]> =>
      (await digestOf(root, { reads: reading(...sources) })).entries.map((entry) => entry.path);
    expect(await read("package.json")).toEqual(["package.json"]);
    expect(await read("*.json", "src/r*")).toEqual(["package.json", "src", "src/run.sh"]);
    expect(await read("link")).toEqual(["link", "src", "src/main.js"]);
    expect(await read("missing")).toEqual([]);
    expect(await read("src", "")).toHaveLength(6);
    expect((await digestOf(root, { reads: [] })).entries).toEqual([]);
  });

  it("tells the links that it met", async () => {
    expect([...(await digestOf(sample())).links]).toEqual([["link", "src/main.js"]]);
  });

  it("counts mount points only when there is something in them", async () => {
    const root = sample();
    const mountPoints = new Set(["node_modules", "node_modules/.cache", "src"]);
    const before = (await digestOf(root, { mountPoints })).digest;
    mkdirSync(`${root}/node_modules/.cache`, { recursive: true });
    expect((await digestOf(root, { mountPoints })).digest).toBe(before);
    expect((await digestOf(root)).digest).not.toBe(before);
    writeFileSync(`${root}/node_modules/x`, "");
    expect((await digestOf(root, { mountPoints })).digest).not.toBe(before);
  });

  it("can be made of a part of the entries", async () => {
    const root = sample();
    const whole = await digestOf(root);
    const part = whole.entries.filter((entry) => entry.path !== "package.json");
    rmSync(`${root}/package.json`);
    expect(manifestDigest(part)).toBe((await digestOf(root)).digest);
  });

  it("gives the same with a cache, and reads nothing twice", async () => {
    const root = sample();
    const times = [`${root}/package.json`, `${root}/src/main.js`, `${root}/src/run.sh`];
    for (const file of times) utimesSync(file, 1_700_000_000, 1_700_000_000);
    const asked: string[] = [];
    const memory = new Map<string, string>();
    const cache = {
      generation: "g",
      lookup: (path: string) => memory.get(path),
      note: (path: string, _: unknown, { digest }: { readonly digest: string }) => {
        asked.push(path);
        memory.set(path, digest);
      },
      walked: () => undefined,
    };
    const cold = await digestOf(root, { cache: async () => cache });
    expect(asked.sort()).toEqual(["package.json", "src/main.js", "src/run.sh"]);
    const warm = await digestOf(root, { cache: async () => cache });
    expect(asked).toHaveLength(3);
    expect([cold.digest, warm.digest]).toEqual(Array(2).fill((await digestOf(root)).digest));
  });

  it("sees a content that changed at once under the same size and modification time", async () => {
    const root = temporaryDirectory();
    const cache = FileStatCache.empty();
    writeFileSync(`${root}/a`, "one");
    utimesSync(`${root}/a`, 1_700_000_000, 1_700_000_000);
    const one = await digestOf(root, { cache: async () => cache });
    const { generation } = cache;
    expect((await digestOf(root, { cache: async () => cache })).digest).toBe(one.digest);
    expect(cache.generation).toBe(generation);
    writeFileSync(`${root}/a`, "two");
    utimesSync(`${root}/a`, 1_700_000_000, 1_700_000_000);
    expect((await digestOf(root, { cache: async () => cache })).digest).not.toBe(one.digest);
    expect(cache.generation).not.toBe(generation);
  });

  it("digests a large file without holding up the event loop", async () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/large`, "");
    truncateSync(`${root}/large`, 80_000_000);
    appendFileSync(`${root}/large`, "end");
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const { entries } = await digestOf(root);
    clearInterval(timer);
    expect(entries[0]?.size).toBe(80_000_003);
    expect(longest).toBeLessThan(500);
  }, 30_000);

  it("names what is missing or can't be read", async () => {
    const root = sample();
    await expect(digestOf(`${root}/missing`)).rejects.toThrow("does not exist");
    chmodSync(root, 0o755);
    chmodSync(`${root}/package.json`, 0);
    await expect(unprivileged(() => digestOf(root))).rejects.toThrow(
      "cannot read package.json of the build context: EACCES",
    );
    const ignore = patternList(["package.json"], "");
    expect((await unprivileged(() => digestOf(root, { ignore }))).entries).toHaveLength(5);
  });

  it("stops when it is told to", async () => {
    const request: DigestRequest = { ignore: NOTHING_IGNORED, reads: "everything" };
    const reason = new Error("enough");
    await expect(digestContext(sample(), request, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

function spell(tree: Tree): string {
  const spelled = [...tree].map(([path, node]) =>
    JSON.stringify([path, node.kind === "file" ? { ...node, mode: node.mode & 0o100 } : node]),
  );
  return spelled.sort().join("\n");
}
