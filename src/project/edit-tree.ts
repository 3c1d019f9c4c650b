import type { Location } from "../diagnostic.ts";
import type { Entry, Path, Scalar, Tree } from "./tree.ts";

/** A map with these entries; `at` is where it is said to stand. */
export function mapTree(entries: ReadonlyMap<string, Entry>, at: Location): Tree {
  return { kind: "map", entries, at };
}

/** A string that the file does not have as it is, but says in another way. */
export function textTree(text: string, of: { readonly at: Location; readonly interpolated?: boolean }): Scalar {
  return { kind: "scalar", value: text, text, written: text, interpolated: of.interpolated ?? false, at: of.at };
}

/** The tree with other entries in the map at a path; where there is no map, one is made of what `change` gives for none. */
export function withEntries(
  tree: Tree,
  path: Path,
  change: (entries: ReadonlyMap<string, Entry>) => ReadonlyMap<string, Entry>,
): Tree {
  const entries = tree.kind === "map" ? tree.entries : new Map<string, Entry>();
  const [step, ...rest] = path;
  if (step === undefined) return mapTree(change(entries), tree.at);
  const key = String(step);
  const entry = entries.get(key) ?? { key: tree.at, value: mapTree(new Map(), tree.at) };
  return mapTree(new Map([...entries, [key, { ...entry, value: withEntries(entry.value, rest, change) }]]), tree.at);
}

/** An image with its short form, the context alone, spelled out. */
export function imageMap(image: Tree): Tree {
  if (image.kind !== "scalar" || typeof image.value !== "string") return image;
  return mapTree(new Map([["context", { key: image.at, value: image }]]), image.at);
}

/** The entries of a map, or of a list of `K=V`; undefined for what is neither. */
export function keyedEntries(tree: Tree): ReadonlyMap<string, Entry> | undefined {
  if (tree.kind === "map") return tree.entries;
  if (tree.kind !== "list" || tree.items.some((item) => item.kind !== "scalar")) return undefined;
  return new Map(tree.items.map((item) => pairOf(item as Scalar)));
}

function pairOf({ text, written, interpolated, at }: Scalar): [string, Entry] {
  const separator = text.indexOf("=");
  // As `KEY:` with nothing behind it, which takes the value from the environment.
  if (separator < 0)
    return [text, { key: at, value: { kind: "scalar", value: null, text: "", written: "", interpolated: false, at } }];
  const value = text.slice(separator + 1);
  const shown = interpolated ? written : value;
  return [
    text.slice(0, separator),
    { key: at, value: { kind: "scalar", value, text: value, written: shown, interpolated, at } },
  ];
}

/** Where images are declared: under `images`, and under the `build` of services. */
export function imagePlaces(tree: Tree): readonly Path[] {
  if (tree.kind !== "map") return [];
  const keysOf = (section: Tree | undefined): readonly string[] =>
    section?.kind === "map" ? [...section.entries.keys()].filter((key) => !key.startsWith("x-")) : [];
  const services = tree.entries.get("services")?.value;
  const builds = keysOf(services).filter((key) => {
    const service = services?.kind === "map" ? services.entries.get(key)?.value : undefined;
    return service?.kind === "map" && service.entries.has("build");
  });
  return [
    ...keysOf(tree.entries.get("images")?.value).map((key) => ["images", key]),
    ...builds.map((key) => ["services", key, "build"]),
  ];
}
