import { type Diagnostic, hasErrors, position } from "../../diagnostic.ts";
import { DockError, exitCode } from "../../error.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { loadDiagnosed } from "../load-project.ts";
import { diagnosticsText } from "../report.ts";
import { readDockerfiles } from "../../gather/dockerfiles.ts";
import { missingFiles } from "../../gather/missing-files.ts";
import type { Project } from "../../project/model.ts";

/** `dock validate`: all mistakes of the project file at once; no engine is asked. */
export const validate: CommandDefinition = {
  usage: "",
  printsDocument: true,
  configure: () => undefined,
  run: async ({ session }: Invocation) => {
    const { project, diagnostics, source } = await loadDiagnosed(session);
    const all = project === undefined ? diagnostics : [...diagnostics, ...(await diskMistakes(project))];
    const ok = !hasErrors(all);
    const { stdout, stderr } = session.io;
    if (session.globals.json) {
      const listed = all.map(({ severity, code, message, at, hint }) => ({
        severity,
        code,
        message,
        file: at?.source.file ?? source.file,
        ...(at ? position(at.source, at.span.start) : { line: 1, column: 1 }),
        ...(hint === undefined ? {} : { hint }),
      }));
      stdout.write(`${JSON.stringify({ ok, diagnostics: listed }, undefined, 2)}\n`);
    } else {
      if (all.length > 0) stderr.write(diagnosticsText(all, session));
      if (ok && !session.globals.quiet) stdout.write(`${source.file} is valid\n`);
    }
    return ok ? 0 : exitCode(new DockError("invalid-project", "invalid"));
  },
};

/** What is wrong with the files that the project names: all that are not there, else a circle of images. */
async function diskMistakes(project: Project): Promise<readonly Diagnostic[]> {
  const missing = await missingFiles(project, { mode: "dev" });
  if (hasErrors(missing)) return missing;
  try {
    await readDockerfiles(project, Object.keys(project.images));
    return missing;
  } catch (error) {
    if (!(error instanceof DockError) || error.diagnostics.length === 0) throw error;
    return [...missing, ...error.diagnostics];
  }
}
