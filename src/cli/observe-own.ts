import { observe, type Scope } from "../engine/observe.ts";
import { livingFiles } from "../gather/living-files.ts";
import type { Observed } from "../plan/observed.ts";
import { claim, otherOwners } from "../plan/ownership.ts";
import type { Project } from "../project/model.ts";
import type { Session } from "./session.ts";

/** What is looked at besides the project's own objects. */
export type OwnScope = Omit<Scope, "project">;

/** Names that nobody asks for, when only the project's own objects matter. */
export const NO_NAMES: OwnScope = { wantedNames: { containers: [], networks: [], volumes: [] } };

/**
 * What the engine has of a project file: objects that another file of the same project name made are foreign while
 * that file is there, and taken over, which is said, once it is gone.
 */
export async function observeOwn(session: Session, project: Project, scope: OwnScope): Promise<Observed> {
  const all = await observe(session.engine(), { project: project.name, ...scope }, session.signal);
  const { observed, adoptedFrom } = claim(project, all, await livingFiles(otherOwners(project, all)));
  for (const file of adoptedFrom) {
    session
      .renderer()
      .emit({ type: "notice", message: `taking over what ${file} made as project ${project.name}: that file is gone` });
  }
  return observed;
}
