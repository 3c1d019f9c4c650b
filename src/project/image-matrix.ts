import { textTree, withEntries } from "./edit-tree.ts";
import { type Findings, quote } from "./findings.ts";
import { interpolate, type Lookup } from "./interpolate.ts";
import { type Entry, type Path, type Tree, treeAt } from "./tree.ts";
import { IMAGE_NAME } from "./names.ts";
import type { Variables } from "./variables.ts";

/** Images that one matrix may stand for. */
const MAX_COMBINATIONS = 500;

/** Values of one combination: of `x`, or of `x.key` where the values of the axis are maps. */
type Combination = ReadonlyMap<string, string>;

/** A project file in which no image has a `matrix` any more. */
export interface Expanded {
  readonly tree: Tree;
  /** How variables are looked up for the value at a path, with `matrix.x` for what was made from a matrix. */
  readonly lookupAt: (path: Path) => Lookup;
}

/**
 * Puts one image for each combination in the place of every image with a `matrix`, and a group with the image's own
 * name that holds them. Variables are not put in yet, but for those in the values of axes and in `name`.
 */
export function expandMatrices(tree: Tree, variables: Variables, findings: Findings): Expanded {
  const images = treeAt(tree, ["images"]);
  const { lookupAt } = variables;
  if (images?.kind !== "map") return { tree, lookupAt };
  const entries = new Map<string, Entry>();
  const combinations = new Map<string, Combination>();
  const groups = new Map<string, readonly string[]>();
  for (const [key, entry] of images.entries) {
    const found = key.startsWith("x-") ? undefined : axesOf(entry.value, { key, lookupAt, findings });
    if (!found) {
      if (!entries.has(key)) entries.set(key, entry);
      continue;
    }
    const value = withEntries(entry.value, [], without("matrix", "name"));
    const made: string[] = [];
    for (const combination of found.combinations) {
      const name = found.nameOf(combination);
      if (name === undefined) continue;
      if (entries.has(name) || (images.entries.has(name) && name !== key)) {
        const message = `the matrix makes the image ${quote(name)}, which there is already`;
        const hint = "let `name` hold every axis, as in `app-${matrix.x}`";
        findings.errorAtKey(["images", key, "matrix"], { code: "duplicate-image", message, hint });
        continue;
      }
      entries.set(name, { key: entry.key, value });
      combinations.set(name, combination);
      made.push(name);
    }
    if (!made.includes(key)) groups.set(key, made);
  }
  if (combinations.size === 0) return { tree, lookupAt };
  const expanded = withEntries(tree, ["images"], () => entries);
  return {
    tree: groups.size === 0 ? expanded : withGroups(expanded, groups),
    lookupAt: (path) => {
      const base = lookupAt(path);
      const combination = path[0] === "images" ? combinations.get(String(path[1])) : undefined;
      return combination ? lookupIn(combination, base) : base;
    },
  };
}

function without(...keys: readonly string[]): (entries: ReadonlyMap<string, Entry>) => ReadonlyMap<string, Entry> {
  return (entries) => new Map([...entries].filter(([key]) => !keys.includes(key)));
}

/** A group of that name that the file declares itself, or a service of that name, stays what it is. */
function withGroups(tree: Tree, groups: ReadonlyMap<string, readonly string[]>): Tree {
  const at = treeAt(tree, ["images"])?.at ?? tree.at;
  return withEntries(tree, ["groups"], (known) => {
    const entries = new Map(known);
    for (const [key, names] of groups) {
      if (entries.has(key) || treeAt(tree, ["services", key])) continue;
      const items = names.map((name) => textTree(name, { at }));
      entries.set(key, { key: at, value: { kind: "list", items, at } });
    }
    return entries;
  });
}

function lookupIn(combination: Combination, base: Lookup): Lookup {
  return (name) => (name.startsWith("matrix.") ? combination.get(name.slice("matrix.".length)) : base(name));
}

interface Reading {
  readonly key: string;
  readonly lookupAt: Variables["lookupAt"];
  readonly findings: Findings;
}

interface Axes {
  readonly combinations: readonly Combination[];
  /** The key of the image that a combination makes; undefined after reporting why it has none. */
  readonly nameOf: (combination: Combination) => string | undefined;
}

/** What an image's `matrix` says; undefined without one, and where it has another shape, which the schema reports. */
function axesOf(image: Tree, of: Reading): Axes | undefined {
  const { key, findings } = of;
  const path: Path = ["images", key, "matrix"];
  const matrix = treeAt(image, ["matrix"]);
  const name = treeAt(image, ["name"]);
  if (matrix === undefined && name !== undefined) {
    const hint = "an image's name is its key";
    findings.errorAtKey(["images", key, "name"], { code: "conflicting-keys", message: "`name` needs `matrix`", hint });
  }
  if (matrix?.kind !== "map") return undefined;
  let combinations: readonly Combination[] = [new Map()];
  let simple = true;
  for (const [axis, { value }] of matrix.entries) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(axis)) {
      const message = `${quote(axis)} can't be the name of an axis`;
      findings.errorAtKey([...path, axis], { code: "invalid-name", message, hint: "use letters, digits and `_`" });
      return undefined;
    }
    if (value.kind !== "list" || !value.items.every(isChoice)) return undefined;
    simple &&= value.items.every((item) => item.kind === "scalar");
    const choices = value.items.map((item, index) => choiceOf(item, axis, { ...of, path: [...path, axis, index] }));
    combinations = combinations.flatMap((one) => choices.map((choice) => new Map([...one, ...choice])));
    if (combinations.length > MAX_COMBINATIONS) {
      const message = `the matrix makes more than ${MAX_COMBINATIONS} images`;
      findings.errorAtKey(path, { code: "yaml-limit", message });
      return undefined;
    }
  }
  if (matrix.entries.size === 0 || combinations.length === 0) {
    findings.errorAtKey(path, { code: "invalid-value", message: "a matrix needs an axis, and every axis a value" });
    return undefined;
  }
  if (name !== undefined && (name.kind !== "scalar" || typeof name.value !== "string")) return undefined;
  if (name === undefined && !simple) {
    const hint = "add `name`, as in `app-${matrix.item.name}`";
    findings.errorAtKey(path, { code: "missing-key", message: "a matrix of maps needs a `name` for its images", hint });
    return undefined;
  }
  return { combinations, nameOf: (combination) => imageName(name, combination, of) };
}

function isChoice(item: Tree): boolean {
  if (item.kind === "map") return [...item.entries.values()].every(({ value }) => isPlain(value));
  return isPlain(item);
}

function isPlain(tree: Tree): boolean {
  return tree.kind === "scalar" && tree.value !== null;
}

function choiceOf(item: Tree, axis: string, of: Reading & { readonly path: Path }): Combination {
  const text = (node: Tree, path: Path): string => {
    if (node.kind !== "scalar") return "";
    const result = interpolate(node.text, of.lookupAt(path));
    if (result.kind === "text") return result.text;
    of.findings.error(path, result);
    return "";
  };
  if (item.kind !== "map") return new Map([[axis, text(item, of.path)]]);
  return new Map([...item.entries].map(([key, { value }]) => [`${axis}.${key}`, text(value, [...of.path, key])]));
}

function imageName(given: Tree | undefined, combination: Combination, of: Reading): string | undefined {
  if (given?.kind !== "scalar") {
    const parts = [...combination.values()].map((value) => value.toLowerCase().replaceAll(/[^a-z0-9_.]+/g, "-"));
    return [of.key, ...parts].join("-").replace(/-+$/, "");
  }
  const path: Path = ["images", of.key, "name"];
  const result = interpolate(given.text, lookupIn(combination, of.lookupAt(path)));
  if (result.kind !== "text") {
    of.findings.error(path, result);
    return undefined;
  }
  if (IMAGE_NAME.pattern.test(result.text.replace(/^_/, ""))) return result.text;
  // The name itself isn't shown: variables may be in it.
  const message = `${of.findings.written(path)} makes a name that no image can have`;
  of.findings.error(path, { code: "invalid-name", message, hint: IMAGE_NAME.words });
  return undefined;
}
