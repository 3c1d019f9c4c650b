import { DockError } from "../../error.ts";
import type { ObservedContainer } from "../../plan/observed.ts";
import { slotOf } from "../../plan/slot-state.ts";
import { withSharingServices } from "../../plan/shared-namespaces.ts";
import type { Project } from "../../project/model.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { changeLifecycle } from "../lifecycle.ts";
import { loadProject } from "../load-project.ts";
import { serviceNames } from "../named.ts";
import { outdatedContainers } from "../outdated.ts";
import { jsonResult } from "../report.ts";
import { chosenContainers } from "../service-containers.ts";
import type { Session } from "../session.ts";
import { readyOptions, stopTimeout } from "../time-options.ts";

interface RestartOptions {
  readonly timeout?: string;
  readonly waitTimeout?: string;
  /** False after --no-deps. */
  readonly deps?: boolean;
}

/** `dock restart`: restarts containers as they are, and says which of them `up` would have made anew instead. */
export const restart: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command
      .argument("[services...]", "services to restart (default: all)")
      .option("-t, --timeout <SECONDS>", "kill what has not stopped by then (default: as its service says, else 10)")
      .option("--no-deps", "leave alone services that are to restart with these")
      .option("--wait-timeout <DURATION>", "give services that long to become ready (30s, 5m)");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as RestartOptions;
    const waiting = readyOptions(given.waitTimeout);
    const seconds = stopTimeout(given.timeout);
    const project = await loadProject(session);
    const named = serviceNames(project, args);
    const services = withSharingServices(project, given.deps === false ? named : withFollowers(project, named));
    await chosenContainers(session, { project, services: named });
    await changeLifecycle(
      session,
      {
        project,
        request: {
          verb: "restart",
          named,
          ...(named.length === 0 ? {} : { services }),
          ...(seconds === undefined ? {} : { seconds }),
        },
      },
      waiting,
    );
    const outdated = await warnOfOutdated(session, project, services);
    jsonResult(session, { ok: true, outdated });
    return 0;
  },
};

/** The services with those that say `restart: true` about one of them. */
function withFollowers(project: Project, services: readonly string[]): readonly string[] {
  const all = new Set(services);
  for (const key of all) {
    for (const service of Object.values(project.services)) {
      if (service.dependsOn.some((dependency) => dependency.restart && dependency.service === key))
        all.add(service.key);
    }
  }
  return [...all];
}

/** A restart brings no change of the file into a container, which many expect of it. */
async function warnOfOutdated(
  session: Session,
  project: Project,
  services: readonly string[],
): Promise<readonly string[]> {
  const containers = await chosenContainers(session, { project, services });
  let outdated: readonly ObservedContainer[];
  try {
    outdated = await outdatedContainers(session, project, containers);
  } catch (error) {
    // A missing build context is no reason to call a restart that has succeeded a failure.
    if (!(error instanceof DockError) || session.signal.aborted) throw error;
    return [];
  }
  const names = [...new Set(outdated.flatMap((container) => slotOf(container)?.service ?? []))];
  if (names.length > 0) {
    session.renderer().emit({
      type: "warning",
      message: `${names.join(", ")} ${names.length === 1 ? "is" : "are"} restarted as made, not as the project file says now`,
      hint: `"dock up -d ${names.join(" ")}" brings the changes in, "dock plan" shows them`,
    });
  }
  return names;
}
