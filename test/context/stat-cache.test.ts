import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { FileStat } from "../../src/context/file-stat.ts";
import { FileStatCache } from "../../src/context/stat-cache.ts";
import { temporaryDirectory } from "./temporary.ts";

const NOW = 1_800_000_000_000;
const OLD = BigInt(NOW - 60_000) * 1_000_000n;

function stat(change: Partial<FileStat> = {}): FileStat {
  return {
    size: 5,
    mode: 0o644,
    mtimeNs: OLD,
    ctimeNs: OLD,
    ino: 7n,
    dev: 1n,
    nlink: 1n,
    rdev: 0n,
    block: false,
    ...change,
  };
}

function noted(change: Partial<FileStat> = {}): FileStatCache {
  const cache = FileStatCache.empty();
  cache.note("a", stat(change), { digest: "d1", readAtMs: NOW });
  return cache;
}

describe("FileStatCache", () => {
  it("knows a file by size, times and inode", () => {
    const cache = noted();
    expect(cache.lookup("a", stat())).toBe("d1");
    for (const change of [{ size: 6 }, { mtimeNs: OLD + 1n }, { ctimeNs: OLD + 1n }, { ino: 8n }]) {
      expect(cache.lookup("a", stat(change))).toBeUndefined();
    }
    expect(cache.lookup("b", stat())).toBeUndefined();
  });

  it("doesn't trust what was read so soon after a change that another may hide behind the same times", () => {
    const soon = BigInt(NOW - 500) * 1_000_000n;
    expect(noted({ mtimeNs: soon }).lookup("a", stat({ mtimeNs: soon }))).toBeUndefined();
    expect(noted({ ctimeNs: soon }).lookup("a", stat({ ctimeNs: soon }))).toBeUndefined();
    const future = BigInt(NOW + 60_000) * 1_000_000n;
    expect(noted({ mtimeNs: future }).lookup("a", stat({ mtimeNs: future }))).toBeUndefined();
  });

  it("begins a new generation when content changes under an equal size and modification time, and only then", () => {
    const cache = noted();
    const { generation } = cache;
    cache.note("a", stat({ ctimeNs: OLD + 5n }), { digest: "d1", readAtMs: NOW });
    cache.note("a", stat({ mtimeNs: OLD + 5n }), { digest: "d2", readAtMs: NOW });
    cache.note("b", stat(), { digest: "d3", readAtMs: NOW });
    expect(cache.generation).toBe(generation);
    cache.note("b", stat({ ctimeNs: OLD + 5n }), { digest: "d4", readAtMs: NOW });
    expect(cache.generation).not.toBe(generation);
  });

  it("is the same after it was stored and loaded", async () => {
    const directory = `${temporaryDirectory()}/new`;
    const cache = noted();
    cache.note('é "x"\ny z', stat({ ino: 9n }), { digest: "d2", readAtMs: NOW });
    await cache.save(directory, "image");
    const loaded = await FileStatCache.load(directory, "image");
    expect(loaded.generation).toBe(cache.generation);
    expect(loaded.lookup("a", stat())).toBe("d1");
    expect(loaded.lookup('é "x"\ny z', stat({ ino: 9n }))).toBe("d2");
    expect((await FileStatCache.load(directory, "other")).lookup("a", stat())).toBeUndefined();
    const [file = ""] = readdirSync(directory);
    expect(statSync(`${directory}/${file}`).mode & 0o777).toBe(0o600);
  });

  it("believes nothing of a file that was damaged", async () => {
    const directory = temporaryDirectory();
    await noted().save(directory, "image");
    const [name = ""] = readdirSync(directory);
    const text = readFileSync(`${directory}/${name}`, "utf8");
    const damaged = [
      text.replace("d1", "d2"),
      text.slice(0, -1),
      "",
      "\0",
      text.replace(/^\S+/, "dock-stat/0"),
      `${text}\n`,
    ];
    for (const version of damaged) {
      writeFileSync(`${directory}/${name}`, version);
      const loaded = await FileStatCache.load(directory, "image");
      expect(loaded.lookup("a", stat())).toBeUndefined();
      expect(text).not.toContain(loaded.generation);
    }
  });

  it("goes on without a place to store anything", async () => {
    const directory = temporaryDirectory();
    writeFileSync(`${directory}/file`, "");
    await noted().save(`${directory}/file`, "image");
    expect((await FileStatCache.load(`${directory}/file`, "image")).lookup("a", stat())).toBeUndefined();
    mkdirSync(`${directory}/sub`);
    chmodSync(`${directory}/sub`, 0o500);
    await noted().save(`${directory}/sub`, "image");
    expect(readdirSync(directory).sort()).toEqual(["file", "sub"]);
  });

  it("keeps what only others ask for, and forgets in time what nobody asks for", async () => {
    const directory = temporaryDirectory();
    await noted().save(directory, "image");
    const run = async (index: number, walks = true): Promise<boolean> => {
      const cache = await FileStatCache.load(directory, "image");
      cache.note("b", stat({ ino: BigInt(index) }), { digest: `d${index}`, readAtMs: NOW });
      if (walks) cache.walked();
      await cache.save(directory, "image");
      return (await FileStatCache.load(directory, "image")).lookup("a", stat()) !== undefined;
    };
    const kept: boolean[] = [];
    for (let index = 0; index < 25; index += 1) expect(await run(100 + index, false)).toBe(true);
    for (let index = 0; index < 25; index += 1) kept.push(await run(index));
    expect(kept.slice(0, 15)).toEqual(Array(15).fill(true));
    expect(kept.at(-1)).toBe(false);
  });

  it("is not written again when nothing has changed", async () => {
    const directory = temporaryDirectory();
    await noted().save(directory, "image");
    const [name = ""] = readdirSync(directory);
    const { ino } = statSync(`${directory}/${name}`);
    const cache = await FileStatCache.load(directory, "image");
    cache.lookup("a", stat());
    cache.note("a", stat(), { digest: "d1", readAtMs: NOW });
    await cache.save(directory, "image");
    expect(statSync(`${directory}/${name}`).ino).toBe(ino);
  });
});
