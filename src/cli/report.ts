import type { Diagnostic } from "../diagnostic.ts";
import { DockError, exitCode } from "../error.ts";
import { formatDiagnostics } from "../ui/diagnostics-view.ts";
import { formatError } from "../ui/error-view.ts";
import { errorRecord, jsonLine } from "../ui/json.ts";
import type { Redactor } from "../ui/redactor.ts";
import { createStyle, type Style } from "../ui/style.ts";
import type { GlobalOptions } from "./global-options.ts";
import type { Io, Session } from "./session.ts";

/** Writes an error that ended a command to stderr and gives the exit code it stands for. With --json its result line goes to stdout. */
export function reportError(
  error: unknown,
  to: { readonly io: Io; readonly globals: GlobalOptions; readonly redactor: Redactor },
): number {
  const { io, globals, redactor } = to;
  // `dock logs | head`: whoever left off reading wants to hear no more.
  if (error instanceof DockError && error.code === "output-closed") return exitCode(error);
  if (globals.json && error instanceof DockError) {
    io.stdout.write(jsonLine({ type: "result", ok: false, error: errorRecord(redactor.error(error)) }));
  }
  io.stderr.write(`${redactor.mask(formatError(error, stderrStyle({ io, globals })))}\n`);
  return exitCode(error);
}

/** With --json, the last line of a command's output: how it ended. */
export function jsonResult(session: Pick<Session, "io" | "globals">, result: Readonly<Record<string, unknown>>): void {
  if (session.globals.json) session.io.stdout.write(jsonLine({ type: "result", ...result }));
}

/** How text on stdout looks. */
export function stdoutStyle({ io, globals }: Pick<Session, "io" | "globals">): Style {
  return createStyle({ output: io.stdout, env: io.env, noColor: globals.color === false });
}

/** How text on stderr looks. */
export function stderrStyle({ io, globals }: Pick<Session, "io" | "globals">): Style {
  return createStyle({ output: io.stderr, env: io.env, noColor: globals.color === false });
}

/** Diagnostics as text for stderr. */
export function diagnosticsText(
  diagnostics: readonly Diagnostic[],
  to: { readonly io: Io; readonly globals: GlobalOptions },
): string {
  return `${formatDiagnostics(diagnostics, stderrStyle(to))}\n`;
}
