import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type ContextDigest, digestContext, type DigestRequest } from "../../src/context/digest.ts";
import { patternList, readIgnoreFile } from "../../src/context/ignore.ts";
import type { OfferedEntry } from "../../src/context/offered-entry.ts";
import { ContextChanged, localSource, type OfferedSource, type OfferFilter } from "../../src/context/send.ts";
import { canRemember } from "../../src/context/tree-memory.ts";
import { randomContext, writeTree } from "../support/random-tree.ts";
import { temporaryDirectory } from "./temporary.ts";

type Seen = ContextDigest["seen"];

async function offered(root: string, filter: Partial<OfferFilter>, seen?: Seen): Promise<readonly OfferedEntry[]> {
  const entries: OfferedEntry[] = [];
  const all = { include: [], exclude: [], followPaths: [], ...filter };
  for await (const batch of localSource(root, { seen: () => seen }).entries(all)) entries.push(...batch);
  return entries;
}

/** Digests by one memory: what was seen by a walk, then by looking at what is known. */
function remembering(root: string): (request?: Partial<DigestRequest>) => Promise<Seen> {
  const memory = { folder: temporaryDirectory(), slot: "s" };
  return async (request = {}) => {
    // Else everything would be too young to be remembered.
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_600_000);
    try {
      const all: DigestRequest = { ignore: patternList([], ""), reads: "everything", memory, ...request };
      return (await digestContext(root, all)).seen;
    } finally {
      clock.mockRestore();
    }
  };
}

/** The first bytes of a file that was offered. */
function first(source: OfferedSource, path: string): Promise<IteratorResult<Uint8Array>> {
  return source.read(path)[Symbol.asyncIterator]().next();
}

describe.runIf(canRemember(temporaryDirectory()))("what a digest saw of a context", () => {
  it("is offered just as a walk would offer it, whatever the tree and what the build reads", async () => {
    const sources = fc.array(fc.constantFrom(".", "a", "b", "src", "a*", "*/b", "no such"), { maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(randomContext, sources, fc.string(), async ({ tree, ignoreLines }, followPaths, content) => {
        const root = temporaryDirectory();
        writeTree(root, tree);
        const exclude = readIgnoreFile(ignoreLines.join("\n"));
        const ignore = patternList(exclude, "");
        const see = remembering(root);
        const reads: DigestRequest["reads"] =
          followPaths.length === 0
            ? "everything"
            : [{ kind: "copy", sources: followPaths, stage: 0, lines: { start: 1, end: 1 } }];
        const filter = { exclude, followPaths };
        const walked = await see({ ignore, reads });
        expect(walked).toBeDefined();
        expect(await offered(root, filter, walked)).toEqual(await offered(root, filter));
        const [file] = [...tree].flatMap(([path, node]) => (node.kind === "file" ? [path] : []));
        if (file !== undefined) writeFileSync(`${root}/${file}`, content);
        const known = await see({ ignore, reads });
        expect(known).toBeDefined();
        expect(await offered(root, filter, known)).toEqual(await offered(root, filter));
        rmSync(root, { recursive: true });
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it("tells times to the nanosecond, rights, links and other names of a file", async () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/d`, { mode: 0o750 });
    writeFileSync(`${root}/d/f`, "hello");
    chmodSync(`${root}/d/f`, 0o4711);
    linkSync(`${root}/d/f`, `${root}/other`);
    symlinkSync("d/f", `${root}/link`);
    execFileSync("mkfifo", ["-m", "600", `${root}/fifo`]);
    execFileSync("touch", ["-d", "2001-02-03 04:05:06.999999999", `${root}/d/f`]);
    execFileSync("touch", ["-d", "1965-02-03 04:05:06.000000001", `${root}/d`]);
    const see = remembering(root);
    const seen = await see();
    expect(seen).toBeDefined();
    const entries = await offered(root, {}, seen);
    expect(entries).toEqual(await offered(root, {}));
    const known = await see();
    expect(known).toBeDefined();
    expect(await offered(root, {}, known)).toEqual(entries);
    expect(entries.map(({ path, kind, hardLinkTo, linkTarget }) => [path, kind, hardLinkTo ?? linkTarget])).toEqual([
      ["d", "directory", undefined],
      ["d/f", "file", undefined],
      ["fifo", "fifo", undefined],
      ["link", "symlink", "d/f"],
      ["other", "file", "d/f"],
    ]);
    expect(entries[1]?.mtimeNs ?? 0n).toSatisfy((time: bigint) => time % 1_000_000_000n === 999_999_999n);
  });

  it("is what is told, without another look, and what was told can be read", async () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/a`, "content");
    writeFileSync(`${root}/b`, "b");
    const seen = await remembering(root)();
    renameSync(`${root}/b`, `${root}/c`);
    const source = localSource(root, { seen: () => seen });
    const paths: string[] = [];
    for await (const batch of source.entries({ include: [], exclude: [], followPaths: [] }))
      paths.push(...batch.map(({ path }) => path));
    expect(paths).toEqual(["a", "b"]);
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.read("a")) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe("content");
    await expect(first(source, "b")).rejects.toBeInstanceOf(ContextChanged);
    await expect(first(source, "c")).rejects.toThrow("not offered");
    writeFileSync(`${root}/a`, "CONTENT");
    await expect(first(source, "a")).rejects.toThrow("a of the build context changed before it was sent");
  });

  it("is not used where a builder asks for something else, or where a part was left out", async () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/empty`);
    writeFileSync(`${root}/a`, "");
    utimesSync(`${root}/a`, 1, 1);
    const see = remembering(root);
    const seen = await see();
    writeFileSync(`${root}/new`, "");
    expect((await offered(root, { exclude: ["x"] }, seen)).map(({ path }) => path)).toEqual(["a", "empty", "new"]);
    expect(await see({ mountPoints: new Set(["empty"]) })).toBeUndefined();
    expect(await see({ mountPoints: new Set(["empty"]) })).toBeUndefined();
  });
});
