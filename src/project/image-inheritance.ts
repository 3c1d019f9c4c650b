import { imageMap, keyedEntries, mapTree, withEntries } from "./edit-tree.ts";
import { type Findings, quote } from "./findings.ts";
import { type Entry, type Path, type Tree, treeAt } from "./tree.ts";

/** Settings that are taken over key by key. */
const BY_KEY = new Set(["args", "labels", "contexts"]);
/** Lists that are continued. */
const CONTINUED = new Set(["secrets", "ssh", "cache_from", "entitlements"]);
/** Settings of which an image has one or the other. */
const OTHER: Readonly<Record<string, string>> = { dockerfile: "dockerfile_inline", dockerfile_inline: "dockerfile" };

/** Whether an image is there to be inherited from, and never built itself. */
function isTemplate(key: string): boolean {
  return key.startsWith("_");
}

/**
 * Gives every image, also those under a service's `build`, what it inherits: of several the last wins, its own settings
 * win over all. `args`, `labels` and `contexts` are merged by key; `secrets`, `ssh`, `cache_from` and `entitlements` are
 * added. Images whose keys begin with `_` are taken out afterwards.
 */
export function inheritImages(tree: Tree, findings: Findings): Tree {
  const images = treeAt(tree, ["images"]);
  const declared: ReadonlyMap<string, Entry> = images?.kind === "map" ? images.entries : new Map();
  const resolved = new Map<string, Tree | "resolving">();

  const ofImage = (key: string): Tree | undefined => {
    const known = resolved.get(key);
    if (known === "resolving") return undefined;
    if (known) return known;
    const entry = declared.get(key);
    if (!entry) return undefined;
    resolved.set(key, "resolving");
    const value = inherited(entry.value, ["images", key]);
    resolved.set(key, value);
    return value;
  };

  const inherited = (image: Tree, path: Path): Tree => {
    const own = imageMap(image);
    const parents = treeAt(own, ["inherits"]);
    if (own.kind !== "map" || parents === undefined || parents.kind === "map") return image;
    const listed = parents.kind === "list" ? parents.items : [parents];
    let merged: Tree = mapTree(new Map(), own.at);
    for (const [index, item] of listed.entries()) {
      if (item.kind !== "scalar" || typeof item.value !== "string") return image;
      const at = parents.kind === "list" ? [...path, "inherits", index] : [...path, "inherits"];
      const parent = ofImage(item.text);
      if (parent) merged = merge(merged, imageMap(parent));
      else if (resolved.get(item.text) === "resolving") {
        const message = `the image inherits from itself through ${quote(item.written)}`;
        findings.error(at, { code: "dependency-cycle", message });
      } else {
        const message = `${quote(item.written)} is no image of this project`;
        findings.error(at, { code: "unknown-name", message, hint: findings.suggest(item.text, declared.keys()) });
      }
    }
    const whole = merge(merged, own);
    return mapTree(new Map([...entriesOf(whole)].filter(([key]) => key !== "inherits")), own.at);
  };

  const kept = [...declared].flatMap(([key, entry]): [string, Entry][] => {
    const value = ofImage(key) ?? entry.value;
    return isTemplate(key) ? [] : [[key, { ...entry, value }]];
  });
  const changed = declared.size === 0 ? tree : withEntries(tree, ["images"], () => new Map(kept));
  const services = treeAt(tree, ["services"]);
  if (services?.kind !== "map") return changed;
  return [...services.entries].reduce((sofar, [key, { value }]) => {
    const build = treeAt(value, ["build"]);
    if (build === undefined || treeAt(build, ["inherits"]) === undefined) return sofar;
    const path: Path = ["services", key, "build"];
    return withEntries(sofar, path, () => new Map(entriesOf(inherited(build, path))));
  }, changed);
}

function entriesOf(tree: Tree | undefined): ReadonlyMap<string, Entry> {
  return tree?.kind === "map" ? tree.entries : new Map<string, Entry>();
}

function merge(base: Tree, over: Tree): Tree {
  const entries = new Map(entriesOf(base));
  for (const [key, entry] of entriesOf(over)) {
    const before = entries.get(key)?.value;
    const other = OTHER[key];
    if (other !== undefined) entries.delete(other);
    entries.set(key, before ? { ...entry, value: combined(key, before, entry.value) } : entry);
  }
  return mapTree(entries, over.at);
}

function combined(key: string, before: Tree, after: Tree): Tree {
  if (CONTINUED.has(key)) {
    const items = [before, after].flatMap((part) => (part.kind === "list" ? part.items : [part]));
    return { kind: "list", items, at: after.at };
  }
  const [first, second] = [keyedEntries(before), keyedEntries(after)];
  if (!BY_KEY.has(key) || !first || !second) return after;
  return mapTree(new Map([...first, ...second]), after.at);
}
