import { mkdirSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import type { WatchRule } from "../../src/project/dev-model.ts";
import { coverageOf } from "../../src/watch/coverage.ts";
import {
  type Contents,
  type Transfer,
  transfer,
  uncertain,
  type Wanted,
  wantedCopies,
} from "../../src/watch/mirror.ts";
import { Snapshot } from "../../src/watch/snapshot.ts";
import { type TempTree, tempTree } from "./temp-tree.ts";

const at: WatchRule["at"] = { source: { file: "dock.yaml", text: "" }, span: { start: 0, end: 0 } };
const signal = AbortSignal.timeout(60_000);
const nothing: Contents = new Map();

const rule = (path: string, more: Partial<WatchRule> = {}): WatchRule => ({
  path,
  action: "sync",
  target: "/srv",
  include: [],
  ignore: [],
  at,
  ...more,
});

async function wanted(tree: TempTree, rules: readonly WatchRule[]): Promise<Wanted> {
  const snapshot = new Snapshot(
    coverageOf([{ key: "", root: tree.path, what: { kind: "tree", prunes: () => false, leavesOut: () => false } }]),
  );
  await snapshot.scan(signal);
  await snapshot.read(signal);
  return wantedCopies(rules, snapshot);
}

const words = ({ deletes, copies }: Transfer): readonly string[] => [
  ...deletes.map((path) => `- ${path}`),
  ...copies.map(({ target }) => `+ ${target}`),
];

test("a container that nothing is known of gets all that is wanted, parents first", async () => {
  using tree = tempTree({ "src/b/deep.js": "1", "src/a.js": "1" });
  expect(words(transfer(nothing, await wanted(tree, [rule(tree.at("src"))])))).toEqual([
    "+ /srv/a.js",
    "+ /srv/b",
    "+ /srv/b/deep.js",
  ]);
});

test("only what differs is sent, and what is gone is deleted, a directory as one", async () => {
  using tree = tempTree({ "src/a.js": "1", "src/b.js": "1", "src/d/x": "1", "src/d/e/y": "1" });
  const before = await wanted(tree, [rule(tree.at("src"))]);
  tree.write("src/a.js", "2");
  tree.write("src/c.js", "1");
  rmSync(tree.at("src/d"), { recursive: true });
  expect(words(transfer(before, await wanted(tree, [rule(tree.at("src"))])))).toEqual([
    "- /srv/d",
    "+ /srv/a.js",
    "+ /srv/c.js",
  ]);
});

test("a file that became a directory, and one that became a file, are deleted first", async () => {
  using tree = tempTree({ "src/one": "file", "src/two/inside": "1" });
  const before = await wanted(tree, [rule(tree.at("src"))]);
  rmSync(tree.at("src"), { recursive: true });
  tree.write("src/one/inside", "1");
  tree.write("src/two", "file");
  expect(words(transfer(before, await wanted(tree, [rule(tree.at("src"))])))).toEqual([
    "- /srv/one",
    "- /srv/two",
    "+ /srv/one",
    "+ /srv/one/inside",
    "+ /srv/two",
  ]);
});

test("the first rule that takes a path has it, with include and ignore; a rule may be about one file", async () => {
  using tree = tempTree({
    "src/a.js": "1",
    "src/a.test.js": "1",
    "src/gen/g.js": "1",
    "src/a.css": "1",
    "conf.json": "1",
  });
  mkdirSync(tree.at("src/empty"));
  const rules = [
    rule(tree.at("src/gen"), { action: "none", target: undefined as never }),
    rule(tree.at("src"), { include: ["**/*.js"], ignore: ["**/*.test.js"] }),
    rule(tree.at("conf.json"), { target: "/etc/conf.json" }),
  ];
  expect([...(await wanted(tree, rules)).keys()]).toEqual(["/srv/a.js", "/etc/conf.json"]);
});

test("after a transfer of which nobody knows how far it came, all is sent again and what may have come is deleted", async () => {
  using tree = tempTree({ "src/a.js": "1", "src/d/x": "1" });
  const first = await wanted(tree, [rule(tree.at("src"))]);
  const doubtful = uncertain(nothing, first);
  rmSync(tree.at("src/a.js"));
  expect(words(transfer(doubtful, await wanted(tree, [rule(tree.at("src"))])))).toEqual([
    "- /srv/a.js",
    "+ /srv/d",
    "+ /srv/d/x",
  ]);
});
