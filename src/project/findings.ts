import type { Diagnostic, Location } from "../diagnostic.ts";
import { closest } from "../std/closest.ts";
import { keyAt, keysAt, treeAt, type Path, type Scalar, type Tree } from "./tree.ts";

/** What is wrong, without the place. */
export interface Mistake {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly related?: Diagnostic["related"];
}

/** Collects the mistakes of a project and knows where everything in its files stands. */
export interface Findings {
  readonly diagnostics: readonly Diagnostic[];
  /** A mistake in the value at a path. */
  error(path: Path, mistake: Mistake): void;
  /** A mistake in the key at a path, or about what is missing under it. */
  errorAtKey(path: Path, mistake: Mistake): void;
  warning(path: Path, mistake: Mistake): void;
  /** A mistake at a place that is known already, or at none. */
  errorAt(at: Location | undefined, mistake: Mistake): void;
  /** Says no more about a value: what is wrong has been said elsewhere. */
  mute(path: Path): void;
  /** Goes on with a tree of the same shape, after variables have been put in. */
  follow(tree: Tree): void;
  /** Keys of the map at a path, or the numbers of a list's items. */
  keys(path: Path): readonly string[];
  isInterpolated(path: Path): boolean;
  /** The place of an entry: its key, or the item of a list. */
  at(path: Path): Location;
  /** The place of a value. */
  valueAt(path: Path): Location;
  /** The value as the file has it, in backquotes, without what variables stand for: messages must not show those. */
  written(path: Path): string;
  /** The value as a string, with the digits that a number was written with. */
  text(path: Path): string;
  /** True when nothing at all is written: `KEY:`. */
  isBlank(path: Path): boolean;
  /** "did you mean …?" for the candidate that a mistyped word most likely meant; the time for this is limited for each project. */
  suggest(word: string, candidates: Iterable<string>): string | undefined;
}

/** Errors that are kept; more of them are of no use to anybody. */
export const MAX_ERRORS = 1000;
/** Comparisons of words that suggestions may take. */
const MAX_COMPARISONS = 50_000;

const MAX_SHOWN = 60;

/** Starts collecting for what was parsed. The same mistake at the same place, as aliases cause it, is kept once. */
export function collectFindings(parsed: Tree): Findings {
  let tree = parsed;
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  let errors = 0;
  let comparisons = 0;

  const entryAt = (path: Path): Location =>
    keyAt(tree, path) ?? treeAt(tree, path)?.at ?? (path.length === 0 ? tree.at : entryAt(path.slice(0, -1)));
  const valueAt = (path: Path): Location => {
    const at = treeAt(tree, path)?.at;
    return at && at.span.end > at.span.start ? at : entryAt(path);
  };

  const add = (
    severity: Diagnostic["severity"],
    { at, single }: { at: Location; single: boolean },
    mistake: Mistake,
  ): void => {
    const place = `${severity} ${idOf(at)}`;
    const identity = single ? place : `${place} ${mistake.code} ${mistake.message}`;
    if (seen.has(identity) || (errors >= MAX_ERRORS && severity === "error")) return;
    if (severity === "error") errors += 1;
    seen.add(identity);
    diagnostics.push({ ...diagnostic(severity, mistake), at });
  };
  const scalarAt = (path: Path): Scalar | undefined => {
    const node = treeAt(tree, path);
    return node?.kind === "scalar" ? node : undefined;
  };

  return {
    diagnostics,
    error: (path, mistake) => add("error", { at: valueAt(path), single: scalarAt(path) !== undefined }, mistake),
    errorAtKey: (path, mistake) => add("error", { at: entryAt(path), single: false }, mistake),
    warning: (path, mistake) => add("warning", { at: valueAt(path), single: false }, mistake),
    errorAt: (at, mistake) => {
      if (at) add("error", { at, single: false }, mistake);
      else diagnostics.push(diagnostic("error", mistake));
    },
    mute: (path) => {
      seen.add(`error ${idOf(valueAt(path))}`);
    },
    follow: (next) => {
      tree = next;
    },
    keys: (path) => keysAt(tree, path),
    isInterpolated: (path) => scalarAt(path)?.interpolated === true,
    at: entryAt,
    valueAt,
    written: (path) => quote(scalarAt(path)?.written ?? String(path.at(-1) ?? "")),
    text: (path) => scalarAt(path)?.text ?? "",
    isBlank: (path) => scalarAt(path)?.value === null && scalarAt(path)?.text === "",
    suggest: (word, candidates) => {
      const names = [...candidates];
      comparisons += names.length;
      const better = comparisons > MAX_COMPARISONS ? undefined : closest(word, names);
      return better === undefined ? undefined : `did you mean ${quote(better)}?`;
    },
  };
}

function idOf({ source, span }: Location): string {
  return `${span.start} ${span.end} ${source.file}`;
}

function diagnostic(severity: Diagnostic["severity"], { code, message, hint, related }: Mistake): Diagnostic {
  return { severity, code, message, ...(hint !== undefined && { hint }), ...(related && { related }) };
}

/** Text in backquotes on one line, cut when it is long, for use in messages. Characters that would garble the line are shown by number. */
export function quote(text: string): string {
  if (text === "") return '`""`';
  const line = text
    .replace(/\s+/g, " ")
    .replace(/[\p{Cc}\p{Cf}]/gu, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
  return `\`${line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line}\``;
}
