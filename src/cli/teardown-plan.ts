import { LABEL } from "../plan/labels.ts";
import type { Observed } from "../plan/observed.ts";
import type { Plan } from "../plan/plan.ts";
import { stopSeconds, teardown } from "../plan/teardown.ts";
import type { Project } from "../project/model.ts";
import { NO_NAMES, observeOwn } from "./observe-own.ts";
import { ownContainers } from "./service-containers.ts";
import type { Session } from "./session.ts";

/** What `down` would remove. */
export async function teardownPlan(
  session: Session,
  project: Project,
  asked: { readonly volumes: boolean; readonly images: boolean },
): Promise<Plan> {
  return (await surveyTeardown(session, project, asked)).plan;
}

/** The same with what it was made from. */
export async function surveyTeardown(
  session: Session,
  project: Project,
  asked: { readonly volumes: boolean; readonly images: boolean },
): Promise<{ readonly plan: Plan; readonly observed: Observed }> {
  const [own, all] = await Promise.all([observeOwn(session, project, NO_NAMES), ownContainers(session, project)]);
  const oneOffs = all.filter((container) => container.labels[LABEL.oneOff] !== undefined);
  const observed = { ...own, containers: [...own.containers, ...oneOffs] };
  const plan = teardown(project, observed, {
    volumes: asked.volumes,
    images: asked.images ? Object.keys(project.images).sort() : [],
    stopSeconds: Object.fromEntries(
      Object.values(project.services).map((service) => [service.key, stopSeconds(service)]),
    ),
  });
  return { plan, observed };
}
