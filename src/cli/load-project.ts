import { hasErrors, sortDiagnostics } from "../diagnostic.ts";
import { DockError } from "../error.ts";
import { linkedRisks } from "../gather/linked-risks.ts";
import type { ImageOverride } from "../project/image-overrides.ts";
import { type Loaded, loadProject as loadFile } from "../project/load.ts";
import type { Project } from "../project/model.ts";
import { closest } from "../std/closest.ts";
import { diagnosticsText } from "./report.ts";
import type { Session } from "./session.ts";

/** The project that the options name; all its mistakes at once as one `invalid-project` error. Its warnings are left to commands that act by the file. */
export async function loadProject(session: Session): Promise<Project> {
  return usableProject(session, await loadDiagnosed(session), { warns: false });
}

/** As `loadProject`, with the file's warnings on stderr. `profiles` are those of the command line unless others are given. */
export async function loadWithWarnings(session: Session, profiles?: readonly string[]): Promise<Project> {
  return usableProject(session, await loadDiagnosed(session, { profiles }), { warns: true });
}

/** The project of a file without mistakes; its warnings go to stderr where they are wanted. */
export function usableProject(
  session: Session,
  { project, diagnostics }: Loaded,
  { warns }: { readonly warns: boolean },
): Project {
  const { globals, io } = session;
  if (project === undefined || hasErrors(diagnostics)) {
    throw new DockError("invalid-project", "the project file has mistakes; nothing was touched", { diagnostics });
  }
  requireProfiles(project);
  if (warns && diagnostics.length > 0 && !globals.quiet) io.stderr.write(diagnosticsText(diagnostics, session));
  return project;
}

/** What a file is loaded with beyond what the global options say. */
export interface LoadChanges {
  /** In place of those of the command line. */
  readonly profiles?: readonly string[] | undefined;
  readonly overrides?: readonly ImageOverride[];
}

/** The project with all that is to say about it, warnings as errors with --strict; the project is undefined when the file has errors. */
export async function loadDiagnosed(session: Session, changes: LoadChanges = {}): Promise<Loaded> {
  const { globals, io } = session;
  const loaded = await loadFile({
    cwd: io.cwd,
    env: io.env,
    cacheDirectory: session.cacheDirectory,
    vars: keyValues(globals.var ?? [], "--var"),
    profiles: changes.profiles ?? globals.profile,
    ...(changes.overrides === undefined ? {} : { overrides: changes.overrides }),
    ...(globals.file === undefined ? {} : { file: globals.file }),
    ...(globals.project === undefined ? {} : { projectName: globals.project }),
    ...(globals.envFile === undefined ? {} : { envFile: globals.envFile }),
  });
  session.redactor.learn(loaded.hidden);
  const linked = loaded.project ? await linkedRisks(loaded.project, io.env["HOME"]) : [];
  const diagnostics = sortDiagnostics([...loaded.diagnostics, ...linked]);
  return {
    ...loaded,
    diagnostics: globals.strict ? diagnostics.map((one) => ({ ...one, severity: "error" as const })) : diagnostics,
  };
}

/** A profile that no service has is a typing error. */
function requireProfiles({ services, profiles }: Project): void {
  const known = new Set(Object.values(services).flatMap((service) => service.profiles));
  for (const profile of profiles) {
    if (profile === "*" || known.has(profile)) continue;
    const meant = closest(profile, known);
    const list = known.size === 0 ? "no service has profiles" : `the services have ${[...known].join(", ")}`;
    throw new DockError("usage", `no service has the profile "${profile}"`, {
      hint: meant === undefined ? list : `did you mean "${meant}"?`,
    });
  }
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
