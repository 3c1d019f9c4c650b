import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coverageOf, type Claim } from "../../src/watch/coverage.ts";
import { type Look, type Sighting, Snapshot } from "../../src/watch/snapshot.ts";
import { type TempTree, tempTree } from "./temp-tree.ts";

const signal = AbortSignal.timeout(60_000);
const everything: Look = { kind: "everything" };

function treeClaim(root: string, prunes: (path: string) => boolean = () => false): Claim {
  return { key: root, root, what: { kind: "tree", prunes, leavesOut: () => false } };
}

async function snapshotOf(root: string, options: { readonly read: boolean } = { read: true }): Promise<Snapshot> {
  const snapshot = new Snapshot(coverageOf([treeClaim(root)]));
  await snapshot.scan(signal);
  if (options.read) await snapshot.read(signal);
  return snapshot;
}

function words(tree: TempTree, { changes }: Sighting): readonly string[] {
  return changes.map(({ kind, type, path }) => `${kind} ${type} ${relative(tree.path, path)}`).toSorted();
}

/** What a snapshot knows, in comparable form. */
function view(tree: TempTree, snapshot: Snapshot): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    [...snapshot.below(tree.path)].map(({ path, state }) => [
      relative(tree.path, path),
      state.kind === "directory" ? "directory" : state.content,
    ]),
  );
}

describe("what is a change", () => {
  test("a new, another and a missing content are changes", async () => {
    using tree = tempTree({ "a.txt": "one", "b/c.txt": "two" });
    const snapshot = await snapshotOf(tree.path);
    tree.write("a.txt", "changed");
    tree.write("b/new.txt", "new");
    rmSync(tree.at("b/c.txt"));
    expect(words(tree, await snapshot.look(everything, signal))).toEqual([
      "created file b/new.txt",
      "deleted file b/c.txt",
      "modified file a.txt",
    ]);
    expect(words(tree, await snapshot.look(everything, signal))).toEqual([]);
  });

  test("a touch, a change of rights and saving the same again are none", async () => {
    using tree = tempTree({ "a.txt": "one" });
    const snapshot = await snapshotOf(tree.path);
    const hint: Look = { kind: "paths", paths: [tree.at("a.txt")] };
    utimesSync(tree.at("a.txt"), new Date(), new Date());
    expect(words(tree, await snapshot.look(hint, signal))).toEqual([]);
    chmodSync(tree.at("a.txt"), 0o444);
    expect(words(tree, await snapshot.look(hint, signal))).toEqual([]);
    writeFileSync(tree.at("a.tmp"), "one");
    renameSync(tree.at("a.tmp"), tree.at("a.txt"));
    expect(words(tree, await snapshot.look(everything, signal))).toEqual([]);
  });

  test("the exec bit is content", async () => {
    using tree = tempTree({ "run.sh": "true" });
    const snapshot = await snapshotOf(tree.path);
    chmodSync(tree.at("run.sh"), 0o755);
    expect(words(tree, await snapshot.look(everything, signal))).toEqual(["modified file run.sh"]);
  });

  test("a link's target is its content, and links are not followed", async () => {
    using tree = tempTree({ "real/a.txt": "one" });
    symlinkSync("real", tree.at("link"));
    const snapshot = await snapshotOf(tree.path);
    expect(Object.keys(view(tree, snapshot)).toSorted()).toEqual(["link", "real", "real/a.txt"]);
    unlinkSync(tree.at("link"));
    symlinkSync("elsewhere", tree.at("link"));
    expect(words(tree, await snapshot.look(everything, signal))).toEqual(["modified link link"]);
  });

  test("two writes of one size within a tick of the file system's clock are seen", async () => {
    using tree = tempTree({ "a.txt": "0" });
    const snapshot = await snapshotOf(tree.path);
    for (let round = 1; round < 200; round += 1) {
      writeFileSync(tree.at("a.txt"), String(round % 10));
      const look: Look = round % 2 === 0 ? everything : { kind: "paths", paths: [tree.at("a.txt")] };
      expect(words(tree, await snapshot.look(look, signal)), `round ${round}`).toEqual(["modified file a.txt"]);
    }
  });

  test("a file that turns into a directory was deleted and made", async () => {
    using tree = tempTree({ thing: "file" });
    const snapshot = await snapshotOf(tree.path);
    rmSync(tree.at("thing"));
    tree.write("thing/inside.txt", "x");
    expect(words(tree, await snapshot.look(everything, signal))).toEqual([
      "created directory thing",
      "created file thing/inside.txt",
      "deleted file thing",
    ]);
  });

  test("a file whose content nobody has read yet counts as changed when its numbers differ", async () => {
    using tree = tempTree({ "a.txt": "one" });
    const snapshot = await snapshotOf(tree.path, { read: false });
    tree.write("a.txt", "other");
    expect(words(tree, await snapshot.look(everything, signal))).toEqual(["modified file a.txt"]);
  });
});

describe("where to look", () => {
  test("a hint below directories that are not known yet finds all of them", async () => {
    using tree = tempTree({ "a.txt": "one" });
    const snapshot = await snapshotOf(tree.path);
    tree.write("x/y/z.txt", "deep");
    const sighting = await snapshot.look({ kind: "paths", paths: [tree.at("x/y/z.txt")] }, signal);
    expect(words(tree, sighting)).toEqual(["created directory x", "created directory x/y", "created file x/y/z.txt"]);
    expect(sighting.newDirectories).toEqual([tree.at("x"), tree.at("x/y")]);
  });

  test("a directory that was replaced by another one is looked through", async () => {
    using tree = tempTree({ "d/e/a.txt": "one", "d/e/b.txt": "stays" });
    const snapshot = await snapshotOf(tree.path);
    tree.write("other/e/a.txt", "two");
    tree.write("other/e/b.txt", "stays");
    rmSync(tree.at("d"), { recursive: true });
    renameSync(tree.at("other"), tree.at("d"));
    expect(words(tree, await snapshot.look({ kind: "paths", paths: [tree.at("d")] }, signal))).toEqual([
      "modified file d/e/a.txt",
    ]);
  });

  test("a root that goes away takes all with it, and what comes back is seen", async () => {
    using tree = tempTree({ "root/a.txt": "one", "root/b/c.txt": "two" });
    const snapshot = await snapshotOf(tree.at("root"));
    rmSync(tree.at("root"), { recursive: true });
    expect(words(tree, await snapshot.look(everything, signal))).toEqual([
      "deleted directory root/b",
      "deleted file root/a.txt",
      "deleted file root/b/c.txt",
    ]);
    tree.write("root/a.txt", "three");
    expect(words(tree, await snapshot.look({ kind: "paths", paths: [tree.at("root/a.txt")] }, signal))).toEqual([
      "created file root/a.txt",
    ]);
    expect(snapshot.size).toBe(1);
  });

  test("covering other places reports only what changed in places covered before", async () => {
    using tree = tempTree({ "a/1.txt": "one", "b/2.txt": "two" });
    const snapshot = new Snapshot(coverageOf([treeClaim(tree.at("a"))]));
    await snapshot.scan(signal);
    await snapshot.read(signal);
    tree.write("a/1.txt", "changed");
    const wider = coverageOf([treeClaim(tree.path)]);
    expect(words(tree, await snapshot.cover(wider, signal))).toEqual(["modified file a/1.txt"]);
    expect(snapshot.size).toBe(2);
    const other = coverageOf([treeClaim(tree.at("b"))]);
    expect(words(tree, await snapshot.cover(other, signal))).toEqual([]);
    expect(snapshot.size).toBe(1);
  });
});

test("a look gives way to others while it has much to do", async () => {
  using tree = tempTree();
  for (let index = 0; index < 600; index += 1) tree.write(`d${index % 50}/f${index}`, String(index));
  const snapshot = new Snapshot(coverageOf([treeClaim(tree.path)]));
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  await snapshot.look(everything, signal);
  clearInterval(beat);
  expect(snapshot.size).toBe(600);
  expect(longest).toBeLessThan(250);
});

test("after any sequence of operations the view is that of a fresh scan, and the changes lead from one to the other", async () => {
  const name = fc.constantFrom("a", "b", "c", "d/a", "d/b", "d/e/a", "d/e/b");
  const operation = fc.oneof(
    fc.record({ kind: fc.constant("write" as const), name, content: fc.constantFrom("1", "2", "33") }),
    fc.record({ kind: fc.constant("remove" as const), name: fc.oneof(name, fc.constantFrom("d", "d/e")) }),
    fc.record({ kind: fc.constant("rename" as const), name, to: name }),
    fc.record({ kind: fc.constant("directory" as const), name: fc.oneof(name, fc.constantFrom("d", "d/e")) }),
    fc.record({ kind: fc.constant("link" as const), name, content: fc.constantFrom("1", "2") }),
    fc.record({ kind: fc.constant("touch" as const), name }),
    fc.record({ kind: fc.constant("look" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
      using tree = tempTree();
      const snapshot = await snapshotOf(tree.path);
      const model = new Map<string, string>();
      const hints = new Set<string>();
      const look = async (): Promise<void> => {
        const { changes } = await snapshot.look({ kind: "paths", paths: hints }, signal);
        hints.clear();
        for (const { kind, path, type } of changes) {
          if (kind === "deleted") model.delete(path);
          else model.set(path, type);
        }
      };
      for (const step of operations) {
        if (step.kind === "look") await look();
        else for (const touched of perform(tree, step)) hints.add(tree.at(touched));
      }
      await look();
      const fresh = await snapshotOf(tree.path);
      expect(view(tree, snapshot)).toEqual(view(tree, fresh));
      expect([...model.keys()].toSorted()).toEqual([...fresh.below(tree.path)].map(({ path }) => path).toSorted());
    }),
    { numRuns: 150 },
  );
});

/** Does what the file system allows; the paths that a watcher would have named. */
function perform(
  tree: TempTree,
  step: { readonly kind: string; readonly name: string; readonly content?: string; readonly to?: string },
): readonly string[] {
  try {
    if (step.kind === "write") tree.write(step.name, step.content ?? "");
    else if (step.kind === "remove") rmSync(tree.at(step.name), { recursive: true });
    else if (step.kind === "rename") renameSync(tree.at(step.name), tree.at(step.to ?? ""));
    else if (step.kind === "directory") mkdirSync(tree.at(step.name), { recursive: true });
    else if (step.kind === "link") symlinkSync(`/nowhere/${step.content}`, tree.at(step.name));
    else utimesSync(tree.at(step.name), 1, 1);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
  return [step.name, ...(step.to === undefined ? [] : [step.to])];
}
