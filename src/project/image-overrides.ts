import type { Location } from "../diagnostic.ts";
import { imageMap, imagePlaces, keyedEntries, mapTree, textTree, withEntries } from "./edit-tree.ts";
import { type Findings, quote } from "./findings.ts";
import { type Entry, type Path, type Tree, treeAt } from "./tree.ts";

/** What `--set` changes in the images that its pattern means, after everything has been inherited. */
export interface ImageOverride {
  /** As it was given, for messages. */
  readonly text: string;
  /** Key of an image; `*` stands for any letters. */
  readonly pattern: string;
  /** `target`, or `args` with the argument's name as `entry`. */
  readonly key: string;
  readonly entry: string | undefined;
  /** Adds to a list in place of beginning it anew. */
  readonly append: boolean;
  readonly value: string;
}

type Form = "text" | "list" | "map";

const FORMS = new Map<string, Form>([
  ...["context", "dockerfile", "dockerfile_inline", "target", "network", "shm_size", "no_cache", "pull"].map(textForm),
  ...["provenance", "sbom"].map(textForm),
  ...["tags", "platforms", "cache_from", "cache_to", "no_cache_filter", "ssh", "output"].map(listForm),
  ...["entitlements", "extra_hosts"].map(listForm),
  ...["args", "labels", "contexts"].map((key): [string, Form] => [key, "map"]),
]);

function textForm(key: string): [string, Form] {
  return [key, "text"];
}

function listForm(key: string): [string, Form] {
  return [key, "list"];
}

/** Changes images as `--set` asks. A pattern that no image fits, and a key that can't be set, are errors without a place. */
export function overrideImages(tree: Tree, overrides: readonly ImageOverride[], findings: Findings): Tree {
  const begun = new Set<string>();
  let changed = tree;
  for (const override of overrides) {
    const form = FORMS.get(override.key);
    const places = imagePlaces(changed).filter((path) => fits(override.pattern, imageKey(path)));
    const mistake = mistakeIn(override, { form, places, tree: changed, findings });
    if (mistake || !form) {
      const message = `--set ${quote(override.text)}: ${mistake?.problem ?? ""}`;
      findings.errorAt(undefined, { code: "invalid-value", message, hint: mistake?.hint });
      continue;
    }
    for (const path of places) {
      const id = `${path.join("/")}/${override.key}`;
      const anew = !override.append && !begun.has(id);
      begun.add(id);
      const image = imageMap(treeAt(changed, path) ?? changed);
      const before = treeAt(image, [override.key]);
      const at = outside(image.at);
      const value = valueOf(before, { override, form, anew, at });
      const entries = image.kind === "map" ? image.entries : new Map<string, Entry>();
      changed = withEntries(changed, path, () => new Map([...entries, [override.key, { key: at, value }]]));
    }
  }
  return changed;
}

function mistakeIn(
  { key, entry, append, pattern }: ImageOverride,
  of: {
    readonly form: Form | undefined;
    readonly places: readonly Path[];
    readonly tree: Tree;
    readonly findings: Findings;
  },
): { readonly problem: string; readonly hint: string } | undefined {
  const { form, places, tree, findings } = of;
  if (!form) {
    const known = [...FORMS.keys()].sort();
    return {
      problem: `${quote(key)} can't be set`,
      hint: findings.suggest(key, known) ?? `use one of ${known.join(", ")}`,
    };
  }
  if (form === "map" && entry === undefined)
    return { problem: `${quote(key)} needs the name of an entry`, hint: `write IMAGE.${key}.NAME=VALUE` };
  if (form !== "map" && entry !== undefined)
    return { problem: `${quote(key)} has no entries`, hint: `write IMAGE.${key}=VALUE` };
  if (append && form !== "list")
    return { problem: `${quote(key)} is no list that could be added to`, hint: "write = in place of +=" };
  if (places.length > 0) return undefined;
  const names = imagePlaces(tree).map(imageKey);
  const hint = findings.suggest(pattern, names) ?? `the images are ${names.join(", ")}`;
  return { problem: `no image is called ${quote(pattern)}`, hint };
}

function valueOf(
  before: Tree | undefined,
  of: { readonly override: ImageOverride; readonly form: Form; readonly anew: boolean; readonly at: Location },
): Tree {
  const { override, form, anew, at } = of;
  // As after variables: what the schema wants as a number or a boolean is read as one.
  const value = textTree(override.value, { at, interpolated: true });
  if (form === "text") return value;
  if (form === "map") {
    const entries = (before && keyedEntries(before)) ?? new Map<string, Entry>();
    return mapTree(new Map([...entries, [override.entry ?? "", { key: at, value }]]), at);
  }
  const items = before === undefined || anew ? [] : before.kind === "list" ? before.items : [before];
  return { kind: "list", items: [...items, value], at };
}

/** A place for what the command line says: paths there start at the project's directory, wherever the image is declared. */
function outside({ source: { file, text }, span }: Location): Location {
  return { source: { file, text }, span };
}

/** The key of the image at a place: that of the service for one under `build`. */
function imageKey(path: Path): string {
  return String(path[1]);
}

function fits(pattern: string, key: string): boolean {
  const parts = pattern.split("*");
  if (parts.length === 1) return pattern === key;
  const [first = "", ...rest] = parts;
  const last = rest.pop() ?? "";
  if (!key.startsWith(first) || key.length < first.length + last.length || !key.endsWith(last)) return false;
  const inner = key.slice(first.length, key.length - last.length);
  let from = 0;
  for (const part of rest) {
    const at = inner.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}
