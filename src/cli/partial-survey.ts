import { DockError, exitCode } from "../error.ts";
import type { Mode } from "../plan/mode.ts";
import { plainRequest } from "../plan/request.ts";
import type { Project } from "../project/model.ts";
import type { Session } from "./session.ts";
import { readFiles, survey, type World } from "./world.ts";

/** What could be compared with a project file whose own files are not all there. */
export interface PartialSurvey {
  /** Of the services without a fault; undefined where nothing could be compared. */
  readonly world: World | undefined;
  /** Why services could not be compared, by key. */
  readonly faults: ReadonlyMap<string, string>;
}

/** Surveys all services but those whose context, bind source or other file can't be had. Touches nothing. */
export async function surveyReadable(session: Session, project: Project, mode: Mode): Promise<PartialSurvey> {
  const request = { ...plainRequest(mode), services: Object.keys(project.services) };
  const faults = new Map<string, string>();
  const attempt = async <T>(services: readonly string[], what: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await what();
    } catch (error) {
      if (!(error instanceof DockError) || exitCode(error) !== exitCode(UNUSABLE)) throw error;
      for (const service of services) faults.set(service, error.diagnostics[0]?.message ?? error.message);
      return undefined;
    }
  };
  const world = await attempt(request.services, () => survey(session, project, request));
  if (world) return { world, faults };
  faults.clear();
  for (const service of request.services)
    await attempt([service], () => readFiles(project, [service], { ...request, services: [service] }));
  const rest = request.services.filter((service) => !faults.has(service));
  if (rest.length === 0) return { world: undefined, faults };
  const partial = await attempt(rest, () => survey(session, project, { ...request, services: rest, noDeps: true }));
  return { world: partial, faults };
}

/** What can't be used on this machine ends a command with the same code, whatever it is. */
const UNUSABLE = new DockError("invalid-project", "");
