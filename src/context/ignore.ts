import { DockError } from "../error.ts";
import { cleanPath } from "../dockerfile/paths.ts";
import { compilePattern, type PathTest } from "../dockerfile/pattern.ts";
import { trimSpace } from "../dockerfile/space.ts";

/** One pattern of a list, cleaned. */
export interface ListedPattern {
  /** Without the "!". */
  readonly text: string;
  /** Began with "!": what it matches is taken out of the list again. */
  readonly exception: boolean;
}

/** What each pattern of a list says about a directory; handed down to its children, because a match covers what is below. */
export type ParentMatches = readonly boolean[];

/** An ordered list of patterns with exceptions; the last one that matches decides. */
export interface PatternList {
  readonly patterns: readonly ListedPattern[];
  readonly hasExceptions: boolean;
  /** Whether a clean relative path is matched, given its directory's matches (none at the root). */
  match(path: string, parent?: ParentMatches): { readonly matched: boolean; readonly matches: ParentMatches };
}

/**
 * The patterns of an ignore file as BuildKit reads them: without comments, surrounding space, a byte order mark and a
 * leading slash.
 */
export function readIgnoreFile(text: string): readonly string[] {
  const patterns: string[] = [];
  for (const line of text.replace(/^\uFEFF/, "").split("\n")) {
    if (line.startsWith("#")) continue;
    let pattern = trimSpace(line);
    if (pattern === "") continue;
    const exception = pattern.startsWith("!");
    if (exception) pattern = trimSpace(pattern.slice(1));
    if (pattern !== "") pattern = cleanPath(pattern);
    if (pattern.length > 1 && pattern.startsWith("/")) pattern = pattern.slice(1);
    patterns.push(exception ? `!${pattern}` : pattern);
  }
  return patterns;
}

/**
 * A list of patterns as moby/patternmatcher takes them, the matcher behind `.dockerignore` and BuildKit's transfers.
 * Throws a `DockError` that names the pattern, and `origin` as the place it stands in, where the builder would refuse it.
 */
export function patternList(patterns: readonly string[], origin: string): PatternList {
  const listed: ListedPattern[] = [];
  const tests: PathTest[] = [];
  for (const raw of patterns) {
    const trimmed = trimSpace(raw);
    if (trimmed === "") continue;
    const cleaned = cleanPath(trimmed);
    const exception = cleaned.startsWith("!");
    const text = exception ? cleaned.slice(1) : cleaned;
    const test = text === "" ? undefined : compilePattern(text);
    if (!test) throw malformed(raw, origin);
    listed.push({ text, exception });
    tests.push(test);
  }
  return {
    patterns: listed,
    hasExceptions: listed.some((pattern) => pattern.exception),
    match: (path, parent) => match({ listed, tests }, path, parent),
  };
}

function malformed(pattern: string, origin: string): DockError {
  return new DockError("invalid-project", `${origin} has a malformed pattern: ${JSON.stringify(pattern)}`, {
    hint: 'brackets must be closed, "!" needs a pattern, and a literal "[" or "\\" is written with a "\\" in front',
  });
}

/** Patterns that can't change the verdict any more are not asked, and then count as not matching for what is below. */
function match(
  list: { readonly listed: readonly ListedPattern[]; readonly tests: readonly PathTest[] },
  path: string,
  parent: ParentMatches | undefined,
): { matched: boolean; matches: ParentMatches } {
  const matches = Array.from({ length: list.listed.length }, () => false);
  let matched = false;
  for (const [index, { exception }] of list.listed.entries()) {
    let hit = parent?.[index] ?? false;
    if (!hit && exception === matched) {
      const test = list.tests[index];
      hit = test !== undefined && (test(path) || (!parent && someParent(path, test)));
    }
    if (!hit) continue;
    matches[index] = true;
    matched = !exception;
  }
  return { matched, matches };
}

function someParent(path: string, test: PathTest): boolean {
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    if (test(path.slice(0, slash))) return true;
  }
  return false;
}
