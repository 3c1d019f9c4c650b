import type { Location, Source, Span } from "../diagnostic.ts";
import { sameJson } from "../std/digest.ts";
import type { Entry, Scalar, Tree } from "./tree.ts";

/**
 * A tree as numbers: kinds and offsets into the text, none of its content. Nodes stand in the order of a walk from the
 * root, `[kind, start, end, …]`: lists and maps are followed by their length and members, a node that is shared stands
 * once and is then referred to by its number.
 */
export type TreeIndex = readonly number[];

const KIND = {
  nothing: 0,
  yes: 1,
  no: 2,
  number: 3,
  plain: 4,
  quoted: 5,
  json: 6,
  single: 7,
  lines: 8,
  list: 9,
  map: 10,
  again: 11,
};

/** The index of a tree that was parsed from a text; undefined when the text does not say plainly enough what a value is. */
export function indexTree(source: Source, tree: Tree): TreeIndex | undefined {
  const { text } = source;
  const numbers: number[] = [];
  const seen = new Map<Tree, number>();
  try {
    writeNode(tree);
  } catch (error) {
    if (error instanceof Unclear) return undefined;
    throw error;
  }
  // What the numbers lead back to is the tree itself, or they are of no use.
  return sameJson(comparable(treeOfIndex(source, numbers)), comparable(tree)) ? numbers : undefined;

  function writeNode(node: Tree): void {
    const known = seen.get(node);
    if (known !== undefined) {
      numbers.push(KIND.again, known);
      return;
    }
    seen.set(node, seen.size);
    const { start, end } = node.at.span;
    if (node.kind === "scalar") writeScalar(node);
    else if (node.kind === "list") {
      numbers.push(KIND.list, start, end, node.items.length);
      for (const item of node.items) writeNode(item);
    } else {
      numbers.push(KIND.map, start, end, node.entries.size);
      for (const [name, entry] of node.entries) {
        writeText(name, entry.key.span);
        writeNode(entry.value);
      }
    }
  }

  function writeScalar({ value, at: { span } }: Scalar): void {
    if (typeof value === "string") writeText(value, span);
    else {
      const kind = value === null ? KIND.nothing : value === true ? KIND.yes : value === false ? KIND.no : KIND.number;
      numbers.push(kind, span.start, span.end);
    }
  }

  function writeText(value: string, { start, end }: Span): void {
    for (const kind of [KIND.plain, KIND.quoted, KIND.json, KIND.single]) {
      if (textOf(text.slice(start, end), kind) !== value) continue;
      numbers.push(kind, start, end);
      return;
    }
    numbers.push(KIND.lines, start, end, ...linesOf(value, start, end));
  }

  /** Where the lines of a block stand: how many, then start and length of each. */
  function linesOf(value: string, start: number, end: number): readonly number[] {
    let from = start;
    const places = value.split("\n").flatMap((line) => {
      const at = text.indexOf(line, from);
      if (at < 0 || at + line.length > end) throw new Unclear();
      from = at + line.length;
      return [at, line.length];
    });
    return [places.length / 2, ...places];
  }
}

/** The tree that an index leads to in the text that it was made of. */
export function treeOfIndex(source: Source, index: TreeIndex): Tree {
  const { text } = source;
  const seen: Tree[] = [];
  let at = 0;
  return readNode();

  function next(): number {
    const number = index[at];
    at += 1;
    if (number === undefined) throw new Error("the index of a tree ends too early");
    return number;
  }

  function readNode(): Tree {
    const kind = next();
    if (kind === KIND.again) {
      const shared = seen[next()];
      if (shared === undefined) throw new Error("the index of a tree refers to what it does not have");
      return shared;
    }
    const place: Location = { source, span: { start: next(), end: next() } };
    const number = seen.length;
    if (kind === KIND.list || kind === KIND.map) {
      const length = next();
      const items: Tree[] = [];
      const entries = new Map<string, Entry>();
      const node: Tree = kind === KIND.list ? { kind: "list", items, at: place } : { kind: "map", entries, at: place };
      seen[number] = node;
      for (let count = 0; count < length; count += 1) {
        if (kind === KIND.list) items.push(readNode());
        else {
          const key = next();
          const span = { start: next(), end: next() };
          const name = readText(key, span);
          entries.set(name, { key: { source, span }, value: readNode() });
        }
      }
      return node;
    }
    const scalar = readScalar(kind, place);
    seen[number] = scalar;
    return scalar;
  }

  function readScalar(kind: number, place: Location): Scalar {
    if (kind >= KIND.plain) {
      const value = readText(kind, place.span);
      return { kind: "scalar", value, text: value, written: value, interpolated: false, at: place };
    }
    const written = text.slice(place.span.start, place.span.end);
    const value = kind === KIND.nothing ? null : kind === KIND.number ? Number(written) : kind === KIND.yes;
    return { kind: "scalar", value, text: written, written, interpolated: false, at: place };
  }

  function readText(kind: number, { start, end }: Span): string {
    if (kind !== KIND.lines) return textOf(text.slice(start, end), kind) ?? "";
    return Array.from({ length: next() }, () => {
      const from = next();
      return text.slice(from, from + next());
    }).join("\n");
  }
}

class Unclear extends Error {}

/** The string that a piece of the text stands for when it is written in a certain way. */
function textOf(written: string, kind: number): string | undefined {
  if (kind === KIND.plain) return written;
  if (kind === KIND.quoted) return written.slice(1, -1);
  if (kind === KIND.single) return written.slice(1, -1).replaceAll("''", "'");
  if (!written.startsWith('"')) return undefined;
  try {
    return String(JSON.parse(written));
  } catch {
    // YAML has escapes that JSON lacks.
    return undefined;
  }
}

/** A tree as plain data; what is shared is written out once and then as its number, else a few aliases would fill the memory. */
function comparable(tree: Tree): unknown {
  const seen = new Map<Tree, number>();
  const write = (node: Tree): unknown => {
    const known = seen.get(node);
    if (known !== undefined) return known;
    seen.set(node, seen.size);
    const { start, end } = node.at.span;
    // As text, since JSON has no word for infinity.
    if (node.kind === "scalar")
      return [start, end, typeof node.value, String(node.value), node.text, node.written, node.interpolated];
    if (node.kind === "list") return [start, end, node.items.map(write)];
    return [
      start,
      end,
      [...node.entries].map(([name, { key, value }]) => [name, key.span.start, key.span.end, write(value)]),
    ];
  };
  return write(tree);
}
