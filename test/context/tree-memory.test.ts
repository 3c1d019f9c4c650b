import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ContextDigest, digestContext, type DigestRequest } from "../../src/context/digest.ts";
import type { FileStat } from "../../src/context/file-stat.ts";
import { patternList, readIgnoreFile } from "../../src/context/ignore.ts";
import { FileStatCache } from "../../src/context/stat-cache.ts";
import { TreeStates } from "../../src/context/known-tree.ts";
import { canRemember } from "../../src/context/tree-memory.ts";
import { randomContext, writeTree } from "../support/random-tree.ts";
import { temporaryDirectory } from "./temporary.ts";

const HOUR_MS = 3_600_000;

const OLD_FILE: FileStat = {
  size: 3,
  mode: 0o644,
  mtimeNs: 1_700_000_000_000_000_000n,
  ctimeNs: 1_700_000_000_000_000_000n,
  ino: 7n,
  dev: 1n,
  nlink: 1n,
  rdev: 0n,
  block: false,
};

afterEach(() => void vi.restoreAllMocks());

/** A context with its memory, and how often contents were asked for. */
class Remembered {
  readonly root = temporaryDirectory();
  readonly folder = temporaryDirectory();
  asked = 0;
  readonly #cache = FileStatCache.empty();

  digest(request: Partial<DigestRequest> = {}): Promise<ContextDigest> {
    const cache = async (): Promise<FileStatCache> => {
      this.asked += 1;
      return this.#cache;
    };
    return digestContext(this.root, { ...plain(request), cache, memory: { folder: this.folder, slot: "s" } });
  }

  /** Digests as if everything there was had been so for long. */
  async learn(request: Partial<DigestRequest> = {}): Promise<void> {
    const later = Date.now() + HOUR_MS;
    vi.spyOn(Date, "now").mockReturnValue(later);
    await this.digest(request);
    vi.restoreAllMocks();
    nextTick();
  }
}

function plain(request: Partial<DigestRequest>): DigestRequest {
  return { ignore: patternList([], ""), reads: "everything", ...request };
}

function comparable({ entries, digest, links, sockets }: ContextDigest): Omit<ContextDigest, "seen"> {
  return { entries, digest, links, sockets };
}

/** Until a change of a file has another time than one before. */
function nextTick(): void {
  const file = `${temporaryDirectory()}/now`;
  const time = (): bigint => {
    writeFileSync(file, "now");
    return lstatSync(file, { bigint: true }).ctimeNs;
  };
  const before = time();
  while (time() === before);
}

/** What people and programs do to a tree; what can't be done to it is left undone. */
const CHANGES: Readonly<Record<string, (path: string, content: string) => void>> = {
  write: (path, content) => writeFileSync(path, content),
  "write at the same time": (path, content) => {
    const { atime, mtime } = lstatSync(path);
    writeFileSync(path, content);
    utimesSync(path, atime, mtime);
  },
  "save by renaming": (path, content) => {
    writeFileSync(`${path}~`, content);
    renameSync(`${path}~`, path);
  },
  "make executable": (path) => chmodSync(path, 0o755),
  remove: (path) => rmSync(path, { recursive: true }),
  touch: (path) => utimesSync(path, new Date(), new Date()),
  "make a directory": (path, content) => mkdirSync(`${path}/${content.replaceAll(/\W/g, "") || "new"}`),
  "make a file": (path, content) => writeFileSync(`${path}/new${content.length}`, content),
  "take away and put back": (path) => {
    const content = readFileSync(path);
    rmSync(path);
    writeFileSync(path, content);
  },
  "link instead": (path, content) => {
    rmSync(path, { recursive: true });
    symlinkSync(content.replaceAll("\0", "") || "x", path);
  },
  "link elsewhere": (path) => {
    const target = readlinkSync(path);
    rmSync(path);
    symlinkSync(`${target}x`, path);
  },
};

describe.runIf(canRemember(temporaryDirectory()))("a remembered tree", () => {
  it("never makes another digest than a fresh look, whatever happens to the tree", async () => {
    const step = fc.record({ change: fc.constantFrom(...Object.keys(CHANGES)), at: fc.nat(), content: fc.string() });
    await fc.assert(
      fc.asyncProperty(randomContext, fc.array(step, { maxLength: 4 }), async ({ tree, ignoreLines }, steps) => {
        const context = new Remembered();
        writeTree(context.root, tree);
        const ignore = patternList(readIgnoreFile(ignoreLines.join("\n")), "");
        const mountPoints = new Set([...tree.keys()].slice(0, 2));
        const request = { ignore, mountPoints };
        await context.learn(request);
        for (const { change, at, content } of steps) {
          const paths = [".", ...tree.keys()];
          try {
            CHANGES[change]?.(`${context.root}/${paths[at % paths.length] ?? "."}`, content);
          } catch {
            // Nothing there that this can be done to.
          }
          const remembered = await context.digest(request);
          const fresh = await digestContext(context.root, plain(request));
          expect(comparable(remembered)).toEqual(comparable(fresh));
          await context.learn(request);
        }
        rmSync(context.root, { recursive: true });
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it("asks for no content and makes no list while nothing changes", async () => {
    const context = new Remembered();
    sample(context.root);
    await context.learn();
    const { asked } = context;
    const again = await context.digest();
    expect(context.asked).toBe(asked);
    expect(again.entries.map(({ path, kind, size }) => [path, kind, size])).toEqual([
      ["a.txt", "file", 3],
      ["dir", "directory", 0],
      ["dir/b.txt", "file", 5],
      ["link", "symlink", 5],
    ]);
    expect(again.links).toEqual(new Map([["link", "a.txt"]]));
  });

  it("looks only at a file that was written in place, and then knows that too", async () => {
    const context = new Remembered();
    sample(context.root);
    await context.learn();
    writeFileSync(`${context.root}/dir/b.txt`, "other");
    await context.learn();
    const { asked } = context;
    const fresh = await digestContext(context.root, plain({}));
    expect((await context.digest()).digest).toBe(fresh.digest);
    expect(context.asked).toBe(asked);
  });

  it("believes no state that the next change may leave as it is", () => {
    const root = temporaryDirectory();
    const { dev } = lstatSync(root, { bigint: true });
    const believed = (change: Partial<FileStat>): boolean => {
      const states = new TreeStates(root);
      states.note({ ...OLD_FILE, dev, ...change }, "file");
      return states.isSure;
    };
    const ago = (ms: number): bigint => BigInt(Date.now() - ms) * 1_000_000n + 1n;
    expect(believed({})).toBe(true);
    expect(believed({ ctimeNs: ago(5000), mtimeNs: ago(0) })).toBe(true);
    expect(believed({ ctimeNs: ago(10) })).toBe(false);
    expect(believed({ ctimeNs: ago(-5000) })).toBe(false);
    // No nanoseconds: the file system may count whole seconds.
    expect(believed({ ctimeNs: BigInt(Math.floor(Date.now() / 1000)) * 1_000_000_000n })).toBe(false);
    expect(believed({ dev: dev + 1n })).toBe(false);
  });

  it("is another one for another ignore file, other reads and other mount points", async () => {
    const context = new Remembered();
    sample(context.root);
    mkdirSync(`${context.root}/empty`);
    for (const request of [
      { ignore: patternList(["dir"], "") },
      { reads: [{ kind: "copy" as const, sources: ["dir"], stage: 0, lines: { start: 1, end: 1 } }] },
      { mountPoints: new Set(["empty"]) },
    ]) {
      await context.learn();
      const fresh = await digestContext(context.root, plain(request));
      expect((await context.digest(request)).digest).toBe(fresh.digest);
    }
  });

  it("is forgotten when what is stored is damaged anywhere", async () => {
    const context = new Remembered();
    sample(context.root);
    await context.learn();
    const fresh = await digestContext(context.root, plain({}));
    const file = `${context.folder}/${readdirSync(context.folder)[0] ?? ""}`;
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x21, at);
      writeFileSync(file, damaged);
      const { asked } = context;
      expect((await context.digest()).digest).toBe(fresh.digest);
      expect(context.asked).toBe(asked + 1);
    }
  });
});

function sample(root: string): void {
  writeFileSync(`${root}/a.txt`, "one");
  mkdirSync(`${root}/dir`);
  writeFileSync(`${root}/dir/b.txt`, "three");
  symlinkSync("a.txt", `${root}/link`);
}
