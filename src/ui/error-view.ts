import { DockError } from "../error.ts";
import { formatDiagnostics } from "./diagnostics-view.ts";
import { closeColors, sanitizeName, sanitizeText } from "./sanitize.ts";
import type { Style } from "./style.ts";

/**
 * Why a command ended, for people. A `DockError` gives its diagnostics, message, detail and hint; several errors in an
 * `AggregateError` follow each other; anything else is a defect of dock and gives its stack. No newline at the end.
 */
export function formatError(error: unknown, style: Style): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map((each) => formatError(each, style)).join("\n\n");
  }
  return error instanceof DockError ? formatDockError(error, style) : formatBug(error, style);
}

function formatDockError(error: DockError, style: Style): string {
  const [first = "", ...rest] = sanitizeText(error.message).split("\n");
  const lines = [
    ...(error.diagnostics.length > 0 ? [formatDiagnostics(error.diagnostics, style), ""] : []),
    `${style.red("error:")} ${closeColors(first, style.color)}`,
    ...quoted(rest, style),
    ...(error.detail === undefined ? [] : quoted(sanitizeText(error.detail).trimEnd().split("\n"), style)),
    ...(error.hint === undefined ? [] : [`  ${style.cyan("hint:")} ${sanitizeName(error.hint)}`]),
  ];
  return lines.join("\n");
}

function formatBug(error: unknown, style: Style): string {
  const what = error instanceof Error ? (error.stack ?? String(error)) : `thrown: ${String(error)}`;
  return [
    `${style.red("internal error:")} ${sanitizeText(what)}${causes(error)}`,
    "",
    "this is a bug in dock; please report it together with the lines above and the output of `dock version`",
  ].join("\n");
}

/** Bounded: causes may go in circles. */
function causes(error: unknown): string {
  let text = "";
  let cause = error instanceof Error ? error.cause : undefined;
  for (let depth = 0; depth < 5 && cause instanceof Error; depth += 1) {
    text += `\ncaused by: ${sanitizeText(cause.stack ?? String(cause))}`;
    cause = cause.cause;
  }
  return text;
}

/** Text of others never begins a line, not even after spaces: CI systems take some line beginnings for commands. */
function quoted(lines: readonly string[], style: Style): readonly string[] {
  return lines.map((line) => `  ${style.dim(style.symbols.rule)} ${closeColors(line, style.color)}`.trimEnd());
}
