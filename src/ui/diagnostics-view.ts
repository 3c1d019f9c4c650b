import { type Diagnostic, formatLocation, type Location, position, sortDiagnostics } from "../diagnostic.ts";
import { sanitizeName } from "./sanitize.ts";
import type { Paint, Style } from "./style.ts";
import { displayWidth } from "./width.ts";

/** Cells of a source line that are shown where no terminal says how many there are. */
const LINE_WIDTH = 160;
/** Cells of context kept before the caret when a line is too long to be shown whole. */
const BEFORE_CARET = 20;

/**
 * All diagnostics by place, each as `file:line:col error message`, the line with carets under what is meant, related
 * places and a hint; at the end how many there are. Empty text for none; no newline at the end.
 */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], style: Style): string {
  if (diagnostics.length === 0) return "";
  const blocks = sortDiagnostics(diagnostics).map((diagnostic) => formatDiagnostic(diagnostic, style).join("\n"));
  return [...blocks, summary(diagnostics, style)].join("\n\n");
}

function formatDiagnostic(diagnostic: Diagnostic, style: Style): readonly string[] {
  const { severity, message, at, related = [], hint } = diagnostic;
  const paint = severity === "error" ? style.red : style.yellow;
  const place = at === undefined ? "" : `${style.bold(sanitizeName(formatLocation(at)))} `;
  return [
    `${place}${paint(severity)} ${sanitizeName(message)}`,
    ...(at === undefined ? [] : excerpt(at, paint, style)),
    ...related.flatMap((other) => [
      `  ${style.dim(`${sanitizeName(formatLocation(other.at))}: ${sanitizeName(other.message)}`)}`,
      ...excerpt(other.at, style.dim, style),
    ]),
    ...(hint === undefined ? [] : [`  ${style.cyan("hint:")} ${sanitizeName(hint)}`]),
  ];
}

/** The line that a place begins on, and carets below it up to the place's or the line's end; at least one. */
function excerpt(at: Location, paint: Paint, style: Style): readonly string[] {
  const { source, span } = at;
  const { line, column } = position(source, span.start);
  const start = span.start - (column - 1);
  const end = source.text.indexOf("\n", start);
  const text = source.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
  const number = String(line).padStart(4);
  const gutter = ` ${style.symbols.rule} `;
  // One cell is for the caret of what is missing at the line's end.
  const limit = (style.width ?? LINE_WIDTH) - number.length - gutter.length - 1;
  const before = shown(text.slice(0, column - 1));
  const marked = shown(text.slice(column - 1, span.end - start));
  const view = window(
    { before, marked, after: shown(text.slice(Math.max(column - 1, span.end - start))) },
    { limit, style },
  );
  return [
    `${style.dim(number + gutter)}${view.line}`.trimEnd(),
    `${style.dim(" ".repeat(number.length) + gutter)}${" ".repeat(view.indent)}${paint("^".repeat(view.carets))}`,
  ];
}

/** What of a long line is shown: from a little before the marked part, with signs where something is left out. */
function window(
  parts: { readonly before: string; readonly marked: string; readonly after: string },
  of: { readonly limit: number; readonly style: Style },
): { readonly line: string; readonly indent: number; readonly carets: number } {
  const { limit, style } = of;
  const { ellipsis } = style.symbols;
  const width = (text: string): number => displayWidth(text);
  const whole = parts.before + parts.marked + parts.after;
  let head = parts.before;
  if (width(whole) > limit && width(head) > BEFORE_CARET) head = ellipsis + lastCells(head, BEFORE_CARET);
  const rest = parts.marked + parts.after;
  const room = Math.max(1, limit - width(head));
  const tail = width(rest) > room ? firstCells(rest, Math.max(1, room - width(ellipsis))) + ellipsis : rest;
  const carets = Math.max(1, Math.min(width(parts.marked), width(tail)));
  return { line: head + tail, indent: width(head), carets };
}

/** A tab would move the carets by as much as the terminal likes. */
function shown(text: string): string {
  return sanitizeName(text.replaceAll("\t", "  "));
}

function firstCells(text: string, cells: number): string {
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += displayWidth(character);
    if (used > cells) break;
    kept += character;
  }
  return kept;
}

function lastCells(text: string, cells: number): string {
  const characters = Array.from(text);
  let used = 0;
  let from = characters.length;
  while (from > 0) {
    used += displayWidth(characters[from - 1] ?? "");
    if (used > cells) break;
    from -= 1;
  }
  return characters.slice(from).join("");
}

function summary(diagnostics: readonly Diagnostic[], style: Style): string {
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const warnings = diagnostics.length - errors;
  const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const parts = [
    ...(errors > 0 ? [style.red(count(errors, "error"))] : []),
    ...(warnings > 0 ? [style.yellow(count(warnings, "warning"))] : []),
  ];
  const files = [...new Set(diagnostics.flatMap(({ at }) => at?.source.file ?? []))];
  const where =
    files.length === 1 ? ` in ${sanitizeName(files[0] ?? "")}` : files.length > 1 ? ` in ${files.length} files` : "";
  return parts.join(", ") + where;
}
