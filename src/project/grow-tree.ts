import { isAlias, isMap, isPair, isScalar, isSeq, type Scalar as YamlScalar, type YAMLMap, type YAMLSeq } from "yaml";
import type { Diagnostic, Location, Source } from "../diagnostic.ts";
import { MAX_KEYS } from "./parsed.ts";
import type { Entry, Scalar, Tree } from "./tree.ts";

const MAX_VALUES = 100_000;
const MAX_DEPTH = 64;
/** Names that mean something else to every JavaScript object. */
const RESERVED = new Set(["__proto__", "constructor", "prototype"]);

/** Ends the growing at once: what follows can't be trusted or would take too long. */
class Unusable extends Error {}

/** A tree with its full cost after aliases have been followed, so that a bomb is refused before it is expanded. */
interface Grown {
  readonly tree: Tree;
  readonly values: number;
  readonly depth: number;
}

/** Turns the parser's nodes into a `Tree`: aliases and merge keys followed, keys checked. */
export function growTree(source: Source, root: unknown): { tree: Tree | undefined; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const anchors = new Map<string, Grown | "growing">();
  let spent = 0;

  const placeOf = (node: unknown): Location => locationOf(node, source);
  const report = (at: Location, mistake: Omit<Diagnostic, "severity" | "at">): void => {
    diagnostics.push({ severity: "error", ...mistake, at });
  };
  const refuse = (at: Location, code: string, message: string): never => {
    report(at, { code, message });
    throw new Unusable();
  };

  const grow = (node: unknown): Grown => {
    if (isAlias(node)) return follow(node.source, placeOf(node));
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, "growing");
    const grown = isMap(node) ? growMap(node) : isSeq(node) ? growList(node) : growScalar(node);
    if (anchor !== undefined) anchors.set(anchor, grown);
    return grown;
  };

  const follow = (name: string, at: Location): Grown => {
    const target = anchors.get(name);
    if (target === undefined)
      return refuse(at, "unknown-anchor", `no anchor \`&${short(name)}\` stands before this alias`);
    if (target === "growing") return refuse(at, "alias-cycle", `\`*${short(name)}\` would contain itself`);
    spend(target.values, at);
    return target;
  };

  /** Counts what following aliases makes of the file. */
  const spend = (values: number, at: Location): void => {
    spent += values;
    if (spent > MAX_VALUES)
      refuse(at, "yaml-limit", "the file, with its aliases followed, has more than 100,000 values");
  };

  const growScalar = (node: unknown): Grown => {
    const at = placeOf(node);
    spend(1, at);
    const tree = isScalar(node) ? scalarOf(node, at) : scalarOf({ value: null }, at);
    if (tree.text.includes("\0"))
      report(at, { code: "yaml-syntax", message: "a NUL character is not allowed in a value" });
    return { tree, values: 1, depth: 0 };
  };

  const growList = (node: YAMLSeq): Grown => {
    spend(1, placeOf(node));
    const items = node.items.map((item) => grow(isPair(item) ? undefined : item));
    return collection({ kind: "list", items: items.map((item) => item.tree), at: placeOf(node) }, items);
  };

  const growMap = (node: YAMLMap): Grown => {
    spend(1, placeOf(node));
    const entries = new Map<string, Entry>();
    const merged: Grown[] = [];
    const children: Grown[] = [];
    for (const pair of node.items) {
      const key = placeOf(pair.key);
      if (isScalar(pair.key) && pair.key.value === "<<" && pair.key.type === "PLAIN") {
        merged.push(...mergeSources(pair.value, key));
        continue;
      }
      const name = keyName(pair.key, key);
      const child = grow(pair.value);
      if (name === undefined) continue;
      const first = entries.get(name);
      if (first) {
        const related = [{ message: "first defined here", at: first.key }];
        report(key, { code: "duplicate-key", message: `\`${short(name)}\` is defined twice`, related });
        continue;
      }
      children.push(child);
      entries.set(name, { key, value: child.tree });
    }
    for (const { tree } of merged) {
      if (tree.kind !== "map") continue;
      for (const [name, entry] of tree.entries) if (!entries.has(name)) entries.set(name, entry);
    }
    if (entries.size > MAX_KEYS) refuse(placeOf(node), "yaml-limit", `this map has more than ${MAX_KEYS} keys`);
    return collection({ kind: "map", entries, at: placeOf(node) }, [...children, ...merged]);
  };

  /** The maps that a `<<` brings in, strongest first. */
  const mergeSources = (value: unknown, key: Location): Grown[] => {
    const grown = grow(value);
    const parts = grown.tree.kind === "list" ? grown.tree.items : [grown.tree];
    if (parts.every((part) => part.kind === "map")) {
      return parts.map((tree, index) => ({ tree, depth: grown.depth, values: index === 0 ? grown.values : 0 }));
    }
    report(key, { code: "invalid-merge", message: "`<<` takes a map or a list of maps", hint: "write `<<: *anchor`" });
    return [];
  };

  const keyName = (node: unknown, at: Location): string | undefined => {
    if (!isScalar(node)) {
      report(at, { code: "invalid-key", message: "a key must be a plain string" });
      return undefined;
    }
    if (typeof node.value !== "string") {
      const written = scalarOf(node, at).text;
      const hint = written === "" ? undefined : `write "${short(written)}"`;
      report(at, { code: "invalid-key", message: "a key must be a string", ...(hint !== undefined && { hint }) });
      return undefined;
    }
    if (RESERVED.has(node.value)) {
      report(at, { code: "invalid-key", message: `\`${node.value}\` can't be used as a key` });
      return undefined;
    }
    return node.value;
  };

  const collection = (tree: Tree, children: readonly Grown[]): Grown => {
    const depth = 1 + children.reduce((deepest, child) => Math.max(deepest, child.depth), 0);
    if (depth > MAX_DEPTH) refuse(tree.at, "yaml-limit", `lists and maps are nested more than ${MAX_DEPTH} deep here`);
    return { tree, values: 1 + children.reduce((sum, child) => sum + child.values, 0), depth };
  };

  try {
    const { tree } = grow(root);
    return { tree: diagnostics.some((one) => one.code === "invalid-merge") ? undefined : tree, diagnostics };
  } catch (error) {
    if (error instanceof Unusable) return { tree: undefined, diagnostics };
    throw error;
  }
}

function scalarOf(node: { value: unknown; source?: string; type?: YamlScalar["type"] }, at: Location): Scalar {
  const { value } = node;
  if (typeof value === "string") return { kind: "scalar", value, text: value, written: value, interpolated: false, at };
  const text = node.source ?? "";
  const plain = typeof value === "number" || typeof value === "boolean" ? value : null;
  return { kind: "scalar", value: plain, text, written: text, interpolated: false, at };
}

function locationOf(node: unknown, source: Source): Location {
  const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
  const span = range ? { start: range[0], end: Math.max(range[1], range[0]) } : { start: 0, end: 0 };
  return { source, span };
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
