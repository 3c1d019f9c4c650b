import type { Location } from "../diagnostic.ts";

/** Where a value stands in the file, from the root: keys of maps and indexes of lists. */
export type Path = readonly (string | number)[];

/** A value that is no collection. */
export interface Scalar {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** The value where a string is wanted: numbers keep the digits they were written with. */
  readonly text: string;
  /** The text before variables were put in, which is what messages may show. */
  readonly written: string;
  /** True when variables were put in. */
  readonly interpolated: boolean;
  readonly at: Location;
}

/** One key of a map with its value. */
export interface Entry {
  readonly key: Location;
  readonly value: Tree;
}

/** What files say, with the place of every key and value; aliases and merge keys are already followed. */
export type Tree =
  | Scalar
  | { readonly kind: "list"; readonly items: readonly Tree[]; readonly at: Location }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, Entry>; readonly at: Location };

/** The value at a path, or undefined when there is none. */
export function treeAt(tree: Tree, path: Path): Tree | undefined {
  let node: Tree | undefined = tree;
  for (const step of path) {
    if (node?.kind === "map") node = node.entries.get(String(step))?.value;
    else if (node?.kind === "list") node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

/** The key that holds the value at a path; undefined for the root and for items of lists. */
export function keyAt(tree: Tree, path: Path): Location | undefined {
  const parent = treeAt(tree, path.slice(0, -1));
  return path.length > 0 && parent?.kind === "map" ? parent.entries.get(String(path.at(-1)))?.key : undefined;
}

/** Keys of the map at a path, or the numbers of a list's items; none of anything else. */
export function keysAt(tree: Tree, path: Path): string[] {
  const node = treeAt(tree, path);
  if (node?.kind === "list") return node.items.map((_, index) => String(index));
  return node?.kind === "map" ? [...node.entries.keys()] : [];
}

/** Plain data of a tree. Maps have no prototype, so no key can mean more than itself. */
export function toData(tree: Tree): unknown {
  if (tree.kind === "scalar") return tree.value;
  if (tree.kind === "list") return tree.items.map(toData);
  const data: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of tree.entries) data[key] = toData(entry.value);
  return data;
}
