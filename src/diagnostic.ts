/** A text that mistakes can be shown in; `file` is what the user calls it. */
export interface Source {
  readonly file: string;
  readonly text: string;
  /** Absolute directory that relative paths in the text start from, where that is not the project's. */
  readonly directory?: string;
}

/** Offsets into a source's text, in UTF-16 units, end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where something stands. */
export interface Location {
  readonly source: Source;
  readonly span: Span;
}

/** One mistake or warning about what the user wrote: a plain sentence, a place, and what would mend it. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** Stable kebab-case name of the rule that was broken, for scripts. */
  readonly code: string;
  readonly message: string;
  readonly at?: Location;
  readonly related?: readonly { readonly message: string; readonly at: Location }[];
  readonly hint?: string;
}

/** 1-based line and column of an offset; columns count UTF-16 units. */
export function position(source: Source, offset: number): { line: number; column: number } {
  const before = source.text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n") };
}

/** `file:line:col` of a location's start. */
export function formatLocation(at: Location): string {
  const { line, column } = position(at.source, at.span.start);
  return `${at.source.file}:${line}:${column}`;
}

/** True when any of them is an error. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}

/** Diagnostics by file, then place, so that equal input always prints alike. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const key = (diagnostic: Diagnostic): string => diagnostic.at?.source.file ?? "";
  return diagnostics.toSorted(
    (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) || (a.at?.span.start ?? 0) - (b.at?.span.start ?? 0),
  );
}
