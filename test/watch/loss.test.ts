import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DockError } from "../../src/error.ts";
import { systemClock } from "../../src/std/clock.ts";
import { watch } from "../../src/watch/loop.ts";
import { FakeEffects } from "./fake-effects.ts";
import { type TempTree, tempTree } from "./temp-tree.ts";

const PROJECT = `
name: demo
services:
  web:
    image: busybox
    dev:
      watch: [{ path: ./site, action: sync, target: /srv }]
`;

let tree: TempTree;
let effects: FakeEffects;
let end: Promise<unknown>;
const stop = { controller: new AbortController() };

beforeEach(async () => {
  tree = tempTree({ "dock.yaml": PROJECT, "site/index.html": "one" });
  effects = new FakeEffects(tree.path, systemClock);
  effects.containerIds.set("web", ["web-1"]);
  stop.controller = new AbortController();
  const project = await effects.load();
  end = watch({ project, mode: "dev" }, effects, stop.controller.signal).catch((error: unknown) => error);
  await synced();
});

afterEach(async () => {
  stop.controller.abort(new DockError("interrupted", "stop"));
  expect(await end).toMatchObject({ code: "interrupted" });
  tree[Symbol.dispose]();
});

/** Files below the site's directory by the path that they have in the container. */
function onDisk(): Readonly<Record<string, string>> {
  const root = tree.at("site");
  if (!existsSync(root)) return {};
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [`/srv${path.slice(root.length)}`, readFileSync(path, "utf8")];
    }),
  );
}

/** Resolves when the container's files are those on the disk. */
async function synced(milliseconds = 5000): Promise<void> {
  await vi.waitFor(() => expect(Object.fromEntries(effects.files.get("web-1") ?? [])).toEqual(onDisk()), {
    timeout: milliseconds,
    interval: 20,
  });
}

function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

test(
  "a burst of operations while the event loop is blocked ends with the container as the disk",
  { timeout: 30_000 },
  async () => {
    for (let index = 0; index < 1500; index += 1) {
      tree.write(`site/d${index % 40}/e${index % 7}/f${index % 300}`, String(index));
      if (index % 5 === 0) rmSync(tree.at(`site/d${index % 40}/e${index % 7}/f${(index * 7) % 300}`), { force: true });
      if (index % 500 === 0) rmSync(tree.at(`site/d${index % 40}`), { recursive: true, force: true });
    }
    block(500);
    tree.write("site/last.html", "the last one");
    await synced(15_000);
    tree.write("site/d1/e1/later.txt", "new directories are watched");
    await synced();
  },
);

test(
  "a root that is deleted and comes back, a directory that is renamed away and back, a link that is switched",
  { timeout: 30_000 },
  async () => {
    tree.write("site/a/x", "1");
    await synced();
    renameSync(tree.at("site/a"), tree.at("elsewhere"));
    await synced();
    tree.write("elsewhere/x", "2");
    renameSync(tree.at("elsewhere"), tree.at("site/a"));
    await synced();
    rmSync(tree.at("site"), { recursive: true });
    await synced();
    tree.write("site/back.html", "back");
    await synced();
    tree.write("site/a/y", "again");
    await synced();
    tree.write("site/v1/data", "1");
    tree.write("site/v2/data", "2");
    symlinkSync("v1", tree.at("site/current"));
    await synced();
    unlinkSync(tree.at("site/current"));
    symlinkSync("v2", tree.at("site/current"));
    await vi.waitFor(() => expect(effects.calls.at(-1)).toBe("transfer web-1 +/srv/current"), { timeout: 5000 });
  },
);

test("editors' ways to save are one transfer each", async () => {
  const file = tree.at("site/index.html");
  const ways: Readonly<Record<string, () => void>> = {
    "in place": () => tree.write("site/index.html", "in place"),
    "another file renamed over it": () => {
      tree.write("site/.index.html.tmp", "renamed");
      renameSync(tree.at("site/.index.html.tmp"), file);
    },
    "vim: a probe, a backup, a new file": () => {
      tree.write("site/4913", "");
      unlinkSync(tree.at("site/4913"));
      renameSync(file, tree.at("site/index.html~"));
      tree.write("site/index.html", "vim");
      unlinkSync(tree.at("site/index.html~"));
    },
    "deleted and made again": () => {
      unlinkSync(file);
      tree.write("site/index.html", "made again");
    },
    "emptied and written": () => {
      tree.write("site/index.html", "");
      tree.write("site/index.html", "written");
    },
  };
  for (const [name, save] of Object.entries(ways)) {
    effects.calls.length = 0;
    save();
    await synced();
    // Long enough for whatever else the save might have set off.
    const quiet = effects.clock.now() + 300;
    await vi.waitFor(() => expect(effects.clock.now()).toBeGreaterThan(quiet), { timeout: 2000 });
    expect(effects.calls, name).toEqual(["transfer web-1 +/srv/index.html"]);
  }
});
