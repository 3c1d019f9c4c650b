import { linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import fc from "fast-check";

/** What a made-up directory holds under one path. */
export type TreeNode =
  | { readonly kind: "directory" }
  | { readonly kind: "file"; readonly content: string; readonly mode: number }
  /** A second name of a file that comes before it. */
  | { readonly kind: "hardlink"; readonly to: string }
  | { readonly kind: "symlink"; readonly target: string };

/** Paths with what they are, every directory before what is in it. */
export type Tree = ReadonlyMap<string, TreeNode>;

/** A build context with an ignore file that has something to do with it. */
export interface RandomContext {
  readonly tree: Tree;
  /** Lines for a `.dockerignore`; the tree doesn't hold the file. */
  readonly ignoreLines: readonly string[];
}

const NAMES = [
  "a",
  "b",
  "ab",
  "src",
  "main.js",
  "a.txt",
  ".env",
  ".git",
  "node_modules",
  "x y",
  "x-y",
  "[z]",
  "é",
  "☺",
  // In UTF-16 these two sort the other way round than in UTF-8.
  "𝒳",
  "\uFFEE",
  "-n",
  "#c",
  "!d",
  "*",
];

const name = fc.constantFrom(...NAMES);
const file: fc.Arbitrary<TreeNode> = fc.record({
  kind: fc.constant("file" as const),
  content: fc.string({ maxLength: 20 }),
  mode: fc.constantFrom(0o644, 0o644, 0o755, 0o600, 0o4755),
});

interface Branch {
  readonly [name: string]: TreeNode | Branch;
}

const { branch } = fc.letrec<{ branch: Branch; entry: TreeNode | Branch }>((tie) => ({
  branch: fc.dictionary(name, tie("entry"), { maxKeys: 6, noNullPrototype: true }),
  entry: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 6, arbitrary: file },
    { weight: 1, arbitrary: linkTo(fc.array(name, { minLength: 1, maxLength: 3 })) },
    { weight: 4, arbitrary: tie("branch") },
  ),
}));

function linkTo(names: fc.Arbitrary<readonly string[]>): fc.Arbitrary<TreeNode> {
  return fc
    .tuple(names, fc.constantFrom("", "", "../", "../../../", "/", "./"))
    .map(([parts, front]) => ({ kind: "symlink", target: front + parts.join("/") }));
}

/** A directory of files, directories and symbolic links with awkward names. */
export const randomTree: fc.Arbitrary<Tree> = branch.map((top) => {
  const tree = new Map<string, TreeNode>();
  const add = (entries: Branch, prefix: string): void => {
    for (const [key, entry] of Object.entries(entries)) {
      const path = prefix + key;
      if (isNode(entry)) tree.set(path, entry);
      else {
        tree.set(path, { kind: "directory" });
        add(entry, `${path}/`);
      }
    }
  };
  add(top, "");
  return tree;
});

function isNode(entry: TreeNode | Branch): entry is TreeNode {
  return typeof entry["kind"] === "string";
}

const wildcard = fc.constantFrom("*", "*", "**", "?", "*.txt", "*.js", "a*", "[ab]", "[^a]*", "*b", ".*");
const front = fc.constantFrom("", "", "", "!", "!", "# ", "/", " ", "!/", "! ");
const back = fc.constantFrom("", "", "", "/", "/**", "/*", "  ", "\r");

/** A pattern that has to do with one of the paths: a part of it, some names of it made wild. */
function patternNear(paths: readonly string[]): fc.Arbitrary<string> {
  const near = fc.constantFrom(...paths).chain((path) => {
    const names = path.split("/");
    return fc
      .tuple(
        fc.nat(names.length - 1),
        fc.array(fc.option(wildcard), { minLength: names.length, maxLength: names.length }),
      )
      .map(([cut, wild]) => names.slice(0, cut + 1).map((own, index) => wild[index] ?? escapeName(own)));
  });
  const far = fc.array(fc.oneof(name.map(escapeName), wildcard), { minLength: 1, maxLength: 3 });
  return fc
    .tuple(front, fc.oneof({ weight: 5, arbitrary: near }, { weight: 1, arbitrary: far }), back)
    .map(([before, names, behind]) => before + names.join("/") + behind);
}

function escapeName(text: string): string {
  return text.replaceAll(/[\\*?[\]]/g, "\\$&");
}

/** A tree, with an ignore file that takes away some of it and gives some of that back. */
export const randomContext: fc.Arbitrary<RandomContext> = randomTree.chain((tree) => {
  const ignoreLines = fc.array(patternNear(tree.size === 0 ? ["a"] : [...tree.keys()]), { minLength: 2, maxLength: 6 });
  return fc.record({ tree: fc.constant(tree), ignoreLines });
});

/** The same contexts on every run for the same seed, for tests that build with them. */
export function sampleContexts(count: number, seed: number): readonly RandomContext[] {
  return fc.sample(randomContext, { numRuns: count, seed });
}

/** Writes a tree into an existing empty directory. All modification times are the same round second. */
export function writeTree(root: string, tree: Tree): void {
  for (const [path, node] of tree) {
    const full = `${root}/${path}`;
    switch (node.kind) {
      case "directory":
        mkdirSync(full);
        break;
      case "file":
        writeFileSync(full, node.content, { mode: node.mode });
        utimesSync(full, 1_700_000_000, 1_700_000_000);
        break;
      case "hardlink":
        linkSync(`${root}/${node.to}`, full);
        break;
      case "symlink":
        symlinkSync(node.target, full);
        break;
    }
  }
}
