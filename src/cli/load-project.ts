import { hasErrors } from "../diagnostic.ts";
import { DockError } from "../error.ts";
import { loadProject as load } from "../project/load.ts";
import type { Project } from "../project/model.ts";
import { diagnosticsText } from "./report.ts";
import type { Session } from "./session.ts";

/** The project that the options name; all its mistakes at once as one `invalid-project` error, its warnings on stderr. */
export async function loadProject(session: Session): Promise<Project> {
  const { globals, io } = session;
  const { project, diagnostics } = await loadDiagnosed(session);
  if (project === undefined || hasErrors(diagnostics)) {
    throw new DockError("invalid-project", "the project file has mistakes; nothing was touched", { diagnostics });
  }
  if (diagnostics.length > 0 && !globals.quiet) io.stderr.write(diagnosticsText(diagnostics, session));
  return project;
}

/** The project with all that is to say about it; the project is undefined when it has errors. */
export async function loadDiagnosed(session: Session): ReturnType<typeof load> {
  const { globals, io } = session;
  return load({
    cwd: io.cwd,
    env: io.env,
    vars: keyValues(globals.var ?? [], "--var"),
    ...(globals.file === undefined ? {} : { file: globals.file }),
    ...(globals.project === undefined ? {} : { projectName: globals.project }),
    ...(globals.envFile === undefined ? {} : { envFile: globals.envFile }),
  });
}

/** The pairs of a repeatable `K=V` option; the last of a key wins. */
export function keyValues(pairs: readonly string[], option: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at <= 0) throw new DockError("usage", `${option} takes KEY=VALUE, not "${pair}"`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
