import type { Diagnostic } from "../diagnostic.ts";
import { DockError, exitCode } from "../error.ts";
import { formatDiagnostics } from "../ui/diagnostics-view.ts";
import { formatError } from "../ui/error-view.ts";
import { createStyle } from "../ui/style.ts";
import type { GlobalOptions } from "./global-options.ts";
import type { Io } from "./session.ts";

/** Writes an error that ended a command to stderr and gives the exit code it stands for. With --json its result line goes to stdout. */
export function reportError(error: unknown, to: { readonly io: Io; readonly globals: GlobalOptions }): number {
  const { io, globals } = to;
  if (globals.json && error instanceof DockError) {
    const { code, message, hint } = error;
    io.stdout.write(`${JSON.stringify({ type: "result", ok: false, error: { code, message, ...(hint === undefined ? {} : { hint }) } })}\n`);
  }
  io.stderr.write(formatError(error, createStyle({ output: io.stderr, env: io.env, noColor: globals.color === false })));
  return exitCode(error);
}

/** Diagnostics as text for stderr. */
export function diagnosticsText(diagnostics: readonly Diagnostic[], to: { readonly io: Io; readonly globals: GlobalOptions }): string {
  return formatDiagnostics(diagnostics, createStyle({ output: to.io.stderr, env: to.io.env, noColor: to.globals.color === false }));
}
