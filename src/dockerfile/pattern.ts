import { automaton, type CharacterTest, literal, type Step } from "./automaton.ts";
import { classStep, escapedSteps } from "./pattern-class.ts";

/** A test of a clean relative path. */
export type PathTest = (path: string) => boolean;

const SLASH = 0x2f;
const NEWLINE = 0x0a;
const isSlash: CharacterTest = (codePoint) => codePoint === SLASH;
const notSlash: CharacterTest = (codePoint) => codePoint !== SLASH;
/** The engine's expressions stop at a line feed, so a name that holds one is not below a directory for them. */
const notNewline: CharacterTest = (codePoint) => codePoint !== NEWLINE;
const anything: CharacterTest = () => true;

/** Characters that the engine's code means to take literally although they mean something in its expressions. */
const QUOTED = ".+()|{}$";

/**
 * The test for one clean pattern of an ignore file or of a transfer's include list, as moby/patternmatcher has it
 * (without the leading "!", without parents). It turns patterns into expressions of Go's regexp and lets through what
 * those mean, so this does too: "\d" is a digit, "[!a]" holds a "!". Undefined for a pattern that the engine refuses.
 */
export function compilePattern(pattern: string): PathTest | undefined {
  if (!isWellFormed(pattern)) return undefined;
  return plainTest(pattern) ?? expressionTest(pattern);
}

/** Patterns without a metacharacter but leading or trailing "**" are compared as text. */
function plainTest(pattern: string): PathTest | undefined {
  const leading = /^\*\*\/?/.exec(pattern)?.[0] ?? "";
  const rest = pattern.slice(leading.length);
  if (leading !== "") {
    if (/[*?[\]\\]/.test(rest)) return undefined;
    const suffix = pattern.slice(2);
    return (path) => path.endsWith(suffix) || (suffix.startsWith("/") && path === suffix.slice(1));
  }
  if (!/[*?[\]\\]/.test(pattern)) return (path) => path === pattern;
  const prefix = /^([^*?[\]\\]*)\*\*$/.exec(pattern)?.[1];
  return prefix === undefined ? undefined : (path) => path.startsWith(prefix);
}

/** The pattern as the engine's expression, an anchored sequence. Undefined where Go would refuse the expression. */
function expressionTest(pattern: string): PathTest | undefined {
  const steps = expressionSteps(expression(pattern));
  return steps && automaton(steps);
}

/** The text that the engine hands to Go's regexp, without the anchors around it. */
function expression(pattern: string): string {
  let text = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? "";
    if (character === "*" && pattern[at + 1] === "*") {
      at += pattern[at + 2] === "/" ? 2 : 1;
      text += at + 1 === pattern.length ? ".*" : "(.*/)?";
    } else if (character === "*") text += "[^/]*";
    else if (character === "?") text += "[^/]";
    else if (QUOTED.includes(character)) text += `\\${character}`;
    else if (character === "\\") {
      at += 1;
      text += `\\${pattern[at] ?? ""}`;
    } else text += character;
  }
  return text;
}

/**
 * Reads such an expression. Stars inside brackets have become expressions of their own by now, so "[a*b]" reads as the
 * engine reads it: a class that ends at the first "]", repeated, then "b]".
 */
function expressionSteps(text: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  for (let at = 0; at < text.length;) {
    if (text.startsWith("(.*/)?", at)) {
      steps.push({ kind: "optional", length: 2 }, { kind: "many", test: notNewline }, { kind: "one", test: isSlash });
      at += "(.*/)?".length;
    } else if (text.startsWith(".*", at)) {
      steps.push({ kind: "many", test: notNewline });
      at += 2;
    } else if (text[at] === "[") {
      const read = classStep(text, at);
      if (!read) return undefined;
      at = read.end;
      const repeated = text[at] === "*";
      steps.push(repeated ? { kind: "many", test: read.test } : { kind: "one", test: read.test });
      if (repeated) at += 1;
    } else if (text[at] === "\\") {
      const read = escapedSteps(text, at);
      if (!read) return undefined;
      steps.push(...read.steps);
      // A quotation without an end swallows the anchor too, so anything may follow.
      if (read.unanchored) return [...steps, literal("$"), { kind: "many", test: anything }];
      at = read.end;
    } else if (text[at] === "^") {
      steps.push({ kind: "between", holds: (before) => before === undefined });
      at += 1;
    } else {
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      steps.push(literal(character));
      at += character.length;
    }
  }
  return steps;
}

/**
 * The test for one name, or for a path of as many names as the pattern has, as Go's `filepath.Match` has it: this is
 * how `COPY` finds its sources, and "**" is no more than "*" there. Undefined for a malformed pattern.
 */
export function compileGlob(pattern: string): PathTest | undefined {
  if (!isWellFormed(pattern)) return undefined;
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length;) {
    if (pattern[at] === "*") {
      steps.push({ kind: "many", test: notSlash });
      at += 1;
    } else if (pattern[at] === "?") {
      steps.push({ kind: "one", test: notSlash });
      at += 1;
    } else if (pattern[at] === "[") {
      const { ranges, negated, end } = globClass(pattern, at);
      const within: CharacterTest = (codePoint) => ranges.some(([low, high]) => low <= codePoint && codePoint <= high);
      steps.push({ kind: "one", test: negated ? (codePoint) => !within(codePoint) : within });
      at = end;
    } else {
      if (pattern[at] === "\\") at += 1;
      const character = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
      steps.push(literal(character));
      at += character.length;
    }
  }
  return automaton(steps);
}

/** True for names that `compileGlob` takes for more than themselves. */
export function hasWildcard(name: string): boolean {
  return /^(?:[^\\*?[]|\\[^])*[*?[]/.test(name);
}

/** The syntax check of Go's `filepath.Match`. */
function isWellFormed(pattern: string): boolean {
  for (let at = 0; at < pattern.length;) {
    if (pattern[at] === "\\") {
      if (at + 1 >= pattern.length) return false;
      at += 2;
    } else if (pattern[at] === "[") {
      at = globClass(pattern, at).end;
      if (at < 0) return false;
    } else at += 1;
  }
  return true;
}

interface GlobClass {
  readonly ranges: readonly (readonly [number, number])[];
  readonly negated: boolean;
  /** After the closing bracket, or -1 where the class is malformed. */
  readonly end: number;
}

function globClass(pattern: string, start: number): GlobClass {
  const ranges: [number, number][] = [];
  const malformed: GlobClass = { ranges, negated: false, end: -1 };
  let at = start + 1;
  const negated = pattern[at] === "^";
  if (negated) at += 1;
  const character = (): number | undefined => {
    if (pattern[at] === "-" || pattern[at] === "]") return undefined;
    if (pattern[at] === "\\") at += 1;
    const codePoint = pattern.codePointAt(at);
    at += (codePoint ?? 0) > 0xffff ? 2 : 1;
    return at < pattern.length ? codePoint : undefined;
  };
  while (!(pattern[at] === "]" && ranges.length > 0)) {
    const low = character();
    if (low === undefined) return malformed;
    let high: number | undefined = low;
    if (pattern[at] === "-") {
      at += 1;
      high = character();
      if (high === undefined) return malformed;
    }
    ranges.push([low, high]);
  }
  return { ranges, negated, end: at + 1 };
}
