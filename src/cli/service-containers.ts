import { DockError } from "../error.ts";
import { livingFiles } from "../gather/living-files.ts";
import { LABEL } from "../plan/labels.ts";
import { servingContainers } from "../plan/lifecycle.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import { slotOf } from "../plan/slot-state.ts";
import type { Project } from "../project/model.ts";
import { requireKnown } from "./named.ts";
import type { Session } from "./session.ts";

/** Which of a project's containers a command is about. */
export interface ContainerChoice {
  readonly project: Project;
  /** None: all services. */
  readonly services: readonly string[];
  /** Only the container with this number. */
  readonly index?: number | undefined;
}

/** All containers of a project's slots, however many a slot has; one-off ones, and another checkout's, are not among them. */
export async function slotContainers(session: Session, choice: ContainerChoice): Promise<readonly ObservedContainer[]> {
  const { project, services, index } = choice;
  for (const service of services) requireKnown(service, project.services, "service");
  const own = await ownContainers(session, project);
  return own.filter((container) => {
    const slot = slotOf(container);
    if (!slot || container.labels[LABEL.oneOff] !== undefined) return false;
    if (index !== undefined && slot.number !== index) return false;
    return services.length === 0 || services.includes(slot.service);
  });
}

/** All containers of the project file, one-off ones too; what another file of the same name made is its own while that file is there. */
export async function ownContainers(session: Session, project: Project): Promise<readonly ObservedContainer[]> {
  const labels = [`${LABEL.project}=${project.name}`];
  const listed = await session.engine().listContainers({ labels }, session.signal);
  const files = new Set(listed.map((container) => container.labels[LABEL.file] ?? project.file));
  files.delete(project.file);
  const others = await livingFiles([...files]);
  return listed.filter((container) => !others.has(container.labels[LABEL.file] ?? ""));
}

/** The container of each slot, by service and number; an error when there is none at all. */
export async function chosenContainers(
  session: Session,
  choice: ContainerChoice,
): Promise<readonly ObservedContainer[]> {
  const found = servingContainers(await slotContainers(session, choice));
  if (found.length > 0) return found;
  throw new DockError("operation-failed", `${subject(choice)} has no container`, { hint: hintFor(choice) });
}

/** The same, running ones only. */
export async function runningContainers(
  session: Session,
  choice: ContainerChoice,
): Promise<readonly ObservedContainer[]> {
  const running = servingContainers(await slotContainers(session, choice)).filter(({ state }) => state === "running");
  if (running.length > 0) return running;
  throw new DockError("operation-failed", `${subject(choice)} has no running container`, { hint: hintFor(choice) });
}

function subject({ project, services, index }: ContainerChoice): string {
  const number = index === undefined ? "" : `number ${index} of `;
  if (services.length === 0) return `${number}project ${project.name}`;
  return `${number}${services.length === 1 ? "service" : "services"} ${services.join(", ")}`;
}

function hintFor({ services }: ContainerChoice): string {
  return `bring it up with "${["dock up -d", ...services].join(" ")}"`;
}
