import { type CharacterTest, literal, type Step } from "./automaton.ts";

/** Brackets and backslashes of Go's regexp, as far as a path pattern can contain them. */

const inRanges =
  (...ranges: readonly (readonly [number, number])[]): CharacterTest =>
  (codePoint) =>
    ranges.some(([low, high]) => low <= codePoint && codePoint <= high);
const not =
  (test: CharacterTest): CharacterTest =>
  (codePoint) =>
    !test(codePoint);

const digit = inRanges([0x30, 0x39]);
const upper = inRanges([0x41, 0x5a]);
const lower = inRanges([0x61, 0x7a]);
const letter: CharacterTest = (codePoint) => upper(codePoint) || lower(codePoint);
const alphanumeric: CharacterTest = (codePoint) => letter(codePoint) || digit(codePoint);
const word: CharacterTest = (codePoint) => alphanumeric(codePoint) || codePoint === 0x5f;
const space = inRanges([0x09, 0x0a], [0x0c, 0x0d], [0x20, 0x20]);

const PERL: Readonly<Record<string, CharacterTest>> = {
  d: digit,
  D: not(digit),
  s: space,
  S: not(space),
  w: word,
  W: not(word),
};

const NAMED: Readonly<Record<string, CharacterTest>> = {
  alnum: alphanumeric,
  alpha: letter,
  ascii: inRanges([0, 0x7f]),
  blank: inRanges([0x09, 0x09], [0x20, 0x20]),
  cntrl: inRanges([0, 0x1f], [0x7f, 0x7f]),
  digit,
  graph: inRanges([0x21, 0x7e]),
  lower,
  print: inRanges([0x20, 0x7e]),
  punct: inRanges([0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]),
  space: inRanges([0x09, 0x0d], [0x20, 0x20]),
  upper,
  word,
  xdigit: inRanges([0x30, 0x39], [0x41, 0x46], [0x61, 0x66]),
};

const CONTROL: Readonly<Record<string, number>> = { a: 0x07, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09, v: 0x0b };

/** The class that begins with the bracket at `start`, and where it ends. Undefined where Go refuses it. */
export function classStep(
  text: string,
  start: number,
): { readonly test: CharacterTest; readonly end: number } | undefined {
  const tests: CharacterTest[] = [];
  const negated = text[start + 1] === "^";
  let at = start + (negated ? 2 : 1);
  for (let first = true; first || text[at] !== "]"; first = false) {
    if (at >= text.length) return undefined;
    const group = namedGroup(text, at) ?? perlGroup(text, at);
    if (group) {
      if (!group.test) return undefined;
      tests.push(group.test);
      at = group.end;
      continue;
    }
    const low = classCharacter(text, at);
    if (!low) return undefined;
    at = low.end;
    let high = low;
    if (text[at] === "-" && at + 1 < text.length && text[at + 1] !== "]") {
      const read = classCharacter(text, at + 1);
      if (!read || read.codePoint < low.codePoint) return undefined;
      high = read;
      at = read.end;
    }
    tests.push(inRanges([low.codePoint, high.codePoint]));
  }
  const any: CharacterTest = (codePoint) => tests.some((test) => test(codePoint));
  return { test: negated ? not(any) : any, end: at + 1 };
}

/** What a backslash outside of brackets stands for. Undefined where Go refuses it. */
export function escapedSteps(
  text: string,
  start: number,
): { readonly steps: readonly Step[]; readonly end: number; readonly unanchored?: true } | undefined {
  const end = start + 2;
  switch (text[start + 1]) {
    case "A":
      return { steps: [{ kind: "between", holds: (before) => before === undefined }], end };
    case "z":
      return { steps: [{ kind: "between", holds: (_, after) => after === undefined }], end };
    case "b":
      return { steps: [{ kind: "between", holds: isWordBoundary }], end };
    case "B":
      return { steps: [{ kind: "between", holds: (before, after) => !isWordBoundary(before, after) }], end };
    case "Q": {
      const close = text.indexOf("\\E", end);
      const quoted = Array.from(text.slice(end, close < 0 ? undefined : close), (character) => literal(character));
      return close < 0 ? { steps: quoted, end, unanchored: true } : { steps: quoted, end: close + 2 };
    }
    default: {
      const group = perlGroup(text, start);
      if (group) return group.test && { steps: [{ kind: "one", test: group.test }], end: group.end };
      const read = escapedCharacter(text, start);
      return read && { steps: [literal(String.fromCodePoint(read.codePoint))], end: read.end };
    }
  }
}

function isWordBoundary(before: number | undefined, after: number | undefined): boolean {
  return (before !== undefined && word(before)) !== (after !== undefined && word(after));
}

interface Group {
  /** Undefined for a group that Go doesn't know. */
  readonly test: CharacterTest | undefined;
  readonly end: number;
}

/** `[:alpha:]` and its kind. */
function namedGroup(text: string, at: number): Group | undefined {
  if (!text.startsWith("[:", at)) return undefined;
  const close = text.indexOf(":]", at + 2);
  if (close < 0) return undefined;
  const name = text.slice(at + 2, close);
  const test = ownValue(NAMED, name.replace(/^\^/, ""));
  return { test: test && name.startsWith("^") ? not(test) : test, end: close + 2 };
}

/** `\d`, `\w`, `\s`, `\pL` and their opposites. */
function perlGroup(text: string, at: number): Group | undefined {
  if (text[at] !== "\\") return undefined;
  const name = text[at + 1] ?? "";
  const perl = ownValue(PERL, name);
  if (perl) return { test: perl, end: at + 2 };
  if (name !== "p" && name !== "P") return undefined;
  const category = text[at + 2] ?? "";
  if (!/^[CLMNPSZ]$/.test(category)) return { test: undefined, end: at + 2 };
  const expression = new RegExp(`^\\p{${category}}$`, "u");
  const test: CharacterTest = (codePoint) => expression.test(String.fromCodePoint(codePoint));
  return { test: name === "p" ? test : not(test), end: at + 3 };
}

interface ReadCharacter {
  readonly codePoint: number;
  readonly end: number;
}

function classCharacter(text: string, at: number): ReadCharacter | undefined {
  if (text[at] === "\\") return escapedCharacter(text, at);
  const codePoint = text.codePointAt(at);
  return codePoint === undefined ? undefined : { codePoint, end: at + (codePoint > 0xffff ? 2 : 1) };
}

function escapedCharacter(text: string, at: number): ReadCharacter | undefined {
  const rest = text.slice(at + 1, at + 12);
  const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest)?.[0];
  if (octal !== undefined) return { codePoint: Number.parseInt(octal, 8), end: at + 1 + octal.length };
  const hex = /^x([0-9A-Fa-f]{2})/.exec(rest)?.[1];
  if (hex !== undefined) return { codePoint: Number.parseInt(hex, 16), end: at + 4 };
  const name = rest[0] ?? "";
  const control = ownValue(CONTROL, name);
  if (control !== undefined) return { codePoint: control, end: at + 2 };
  if (name === "" || /[0-9A-Za-z]/.test(name) || name > "\x7f") return undefined;
  return { codePoint: name.charCodeAt(0), end: at + 2 };
}

function ownValue<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
