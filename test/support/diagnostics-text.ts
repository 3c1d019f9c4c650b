import { formatLocation, type Diagnostic } from "../../src/diagnostic.ts";

/** A diagnostic a line: place, severity, code, message and hint, with related places below; the simplest form that has everything. */
export function diagnosticsText(diagnostics: readonly Diagnostic[]): string {
  const lines = diagnostics.flatMap(({ at, severity, code, message, hint, related = [] }) => [
    `${at ? formatLocation(at) : "-"}: ${severity} ${code}: ${message}${hint === undefined ? "" : ` (${hint})`}`,
    ...related.map((other) => `  ${formatLocation(other.at)}: ${other.message}`),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}
