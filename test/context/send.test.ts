import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OfferedEntry } from "../../src/context/offered-entry.ts";
import { localSource, type OfferedSource, type OfferFilter } from "../../src/context/send.ts";
import type { LocalSource } from "../../src/engine/buildkit/source.ts";
import { assertFollows, START } from "../../src/engine/buildkit/transfer-order.ts";
import { DockError } from "../../src/error.ts";
import { randomTree, writeTree } from "../support/random-tree.ts";
import { temporaryDirectory, unprivileged } from "./temporary.ts";

const EVERYTHING: OfferFilter = { include: [], exclude: [], followPaths: [] };

async function offered(source: OfferedSource, filter: Partial<OfferFilter> = {}): Promise<readonly OfferedEntry[]> {
  const entries: OfferedEntry[] = [];
  for await (const batch of source.entries({ ...EVERYTHING, ...filter })) entries.push(...batch);
  return entries;
}

async function paths(source: OfferedSource, filter: Partial<OfferFilter>): Promise<readonly string[]> {
  return (await offered(source, filter)).map((entry) => entry.path);
}

async function content(source: OfferedSource, path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.read(path)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("localSource", () => {
  it("is what the builder's client takes", () => {
    const source: LocalSource = localSource(temporaryDirectory());
    expect(source).toBeDefined();
  });

  it("tells of each entry what the builder must know", async () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/d`, { mode: 0o755 });
    writeFileSync(`${root}/d/f`, "hello");
    chmodSync(`${root}/d/f`, 0o4750);
    symlinkSync("/etc/passwd", `${root}/link`);
    linkSync(`${root}/d/f`, `${root}/second`);
    linkSync(`${root}/d/f`, `${root}/third`);
    execFileSync("mkfifo", ["-m", "600", `${root}/fifo`]);
    utimesSync(`${root}/d/f`, 1, 1_700_000_000.5);
    const entries = await offered(localSource(root));
    const mtimeNs = statSync(`${root}/d/f`, { bigint: true }).mtimeNs;
    expect(entries.map((entry) => ({ ...entry, mtimeNs: undefined }))).toEqual([
      { path: "d", kind: "directory", mode: 0o755, size: 0 },
      { path: "d/f", kind: "file", mode: 0o4750, size: 5 },
      { path: "fifo", kind: "fifo", mode: 0o600, size: 0 },
      { path: "link", kind: "symlink", mode: 0o777, size: 11, linkTarget: "/etc/passwd" },
      { path: "second", kind: "file", mode: 0o4750, size: 0, hardLinkTo: "d/f" },
      { path: "third", kind: "file", mode: 0o4750, size: 0, hardLinkTo: "d/f" },
    ]);
    expect(entries[1]?.mtimeNs).toBe(mtimeNs);
    expect(mtimeNs).toBe(1_700_000_000_500_000_000n);
  });

  it("makes the first name that is sent the file of a hard link", async () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/a`, "x");
    linkSync(`${root}/a`, `${root}/b`);
    linkSync(`${root}/a`, `${root}/c`);
    const entries = await offered(localSource(root), { exclude: ["a"] });
    expect(entries.map(({ path, size, hardLinkTo }) => ({ path, size, hardLinkTo }))).toEqual([
      { path: "b", size: 1, hardLinkTo: undefined },
      { path: "c", size: 0, hardLinkTo: "b" },
    ]);
  });

  it("sends what is asked for, with the directories above it", async () => {
    const root = temporaryDirectory();
    for (const directory of ["a/b", "c", "real"]) mkdirSync(`${root}/${directory}`, { recursive: true });
    for (const file of ["a/b/1", "a/2", "c/3", "real/4", ".dockerignore", "Dockerfile"])
      writeFileSync(`${root}/${file}`, "");
    symlinkSync("../real/4", `${root}/c/link`);
    symlinkSync("/real", `${root}/linked`);
    const source = localSource(root);
    expect(await paths(source, { followPaths: [".dockerignore"] })).toEqual([".dockerignore"]);
    expect(await paths(source, { followPaths: ["missing"] })).toEqual([]);
    expect(await paths(source, { followPaths: ["a/b", "c/link"] })).toEqual([
      "a",
      "a/b",
      "a/b/1",
      "c",
      "c/link",
      "real",
      "real/4",
    ]);
    expect(await paths(source, { followPaths: ["linked/4"] })).toEqual(["linked", "real", "real/4"]);
    expect(await paths(source, { followPaths: ["l*/4"] })).toEqual(["linked", "real", "real/4"]);
    expect(await paths(source, { followPaths: ["a", "."], exclude: ["*", "!a/2"] })).toEqual(["a", "a/2"]);
    expect(await paths(source, { include: ["**/2"] })).toEqual(["a", "a/2"]);
  });

  it("keeps to the order of a transfer whatever the filter", async () => {
    const pattern = fc.constantFrom("a", "*", "**/a", "a/*", "src", "[ab]*", "b/**", "x y", "!a");
    const list = fc.array(pattern, { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(randomTree, list, list, async (tree, followPaths, exclude) => {
        const root = temporaryDirectory();
        writeTree(root, tree);
        let place = START;
        for (const entry of await offered(localSource(root), { followPaths, exclude })) {
          place = assertFollows(place, entry);
        }
        rmSync(root, { recursive: true });
      }),
      { numRuns: 100 },
    );
  }, 30_000);

  it("reads what it offered, to the last byte", async () => {
    const root = temporaryDirectory();
    const large = "0123456789abcdef".repeat(40_000);
    writeFileSync(`${root}/large`, large);
    writeFileSync(`${root}/empty`, "");
    const source = localSource(root);
    await offered(source);
    expect(await content(source, "large")).toBe(large);
    expect(await content(source, "empty")).toBe("");
  });

  it("reads nothing that it didn't offer", async () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/context`);
    writeFileSync(`${root}/outside`, "secret");
    writeFileSync(`${root}/context/ignored`, "secret");
    const source = localSource(`${root}/context`);
    await offered(source, { exclude: ["ignored"] });
    await expect(content(source, "ignored")).rejects.toThrow("was not offered");
    await expect(content(source, "../outside")).rejects.toThrow("was not offered");
  });

  it("ends early for a file that has gone", async () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/d`);
    writeFileSync(`${root}/a`, "x");
    writeFileSync(`${root}/d/b`, "x");
    writeFileSync(`${root}/c`, "x");
    const source = localSource(root);
    await offered(source);
    rmSync(`${root}/a`);
    rmSync(`${root}/d`, { recursive: true });
    rmSync(`${root}/c`);
    execFileSync("mkfifo", [`${root}/c`]);
    expect([await content(source, "a"), await content(source, "d/b"), await content(source, "c")]).toEqual([
      "",
      "",
      "",
    ]);
  });

  it("reads the file that an editor has put in the place of the old one", async () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/a`, "old");
    const source = localSource(root);
    await offered(source);
    writeFileSync(`${root}/a.new`, "new content");
    renameSync(`${root}/a.new`, `${root}/a`);
    expect(await content(source, "a")).toBe("new content");
  });

  it("follows no link that was put in the way since", async () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/context/d`, { recursive: true });
    mkdirSync(`${root}/outside`);
    writeFileSync(`${root}/context/a`, "mine");
    writeFileSync(`${root}/context/d/b`, "mine");
    writeFileSync(`${root}/outside/b`, "secret");
    const source = localSource(`${root}/context`);
    await offered(source);
    rmSync(`${root}/context/a`);
    symlinkSync("../outside/b", `${root}/context/a`);
    rmSync(`${root}/context/d`, { recursive: true });
    symlinkSync("../outside", `${root}/context/d`);
    expect([await content(source, "a"), await content(source, "d/b")]).toEqual(["", ""]);
  });

  it("names a file that it can't read", async () => {
    const root = temporaryDirectory();
    chmodSync(root, 0o755);
    writeFileSync(`${root}/secret`, "x", { mode: 0 });
    const source = localSource(root);
    await offered(source);
    const reading = unprivileged(() => content(source, "secret"));
    await expect(reading).rejects.toThrow("cannot read secret of the build context: EACCES");
    await expect(reading).rejects.toBeInstanceOf(DockError);
  });
});
