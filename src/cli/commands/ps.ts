import { LABEL } from "../../plan/labels.ts";
import type { ObservedContainer } from "../../plan/observed.ts";
import { slotTarget } from "../../plan/operation.ts";
import { slotOf } from "../../plan/slot-state.ts";
import { formatPs, type PsRow } from "../../ui/ps-view.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { loadProject } from "../load-project.ts";
import type { Project } from "../../project/model.ts";
import type { Session } from "../session.ts";
import { serviceNames } from "../named.ts";
import { stdoutStyle } from "../report.ts";
import { NO_NAMES, observeOwn } from "../observe-own.ts";
import { type PartialSurvey, surveyReadable } from "../partial-survey.ts";

interface PsOptions {
  readonly all?: boolean;
  readonly services?: boolean;
}

/** `dock ps`: the project's containers, and whether each is what the file asks for. */
export const ps: CommandDefinition = {
  usage: "[SERVICE...]",
  printsDocument: true,
  configure: (command) => {
    command
      .argument("[services...]", "only these services")
      .option("-a, --all", "also show stopped containers (default; as in docker)")
      .option("--services", "print only the names of services that have a container");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as PsOptions;
    const project = await loadProject(session);
    const services = serviceNames(project, args);
    const { containers, current } = await surveyLastModes(session, project);
    const rows = containers
      .flatMap((container) => psRow(container, current(container)))
      .filter((candidate) => services.length === 0 || services.includes(candidate.service))
      .sort((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : a.number - b.number));
    const { stdout } = session.io;
    if (given.services)
      stdout.write([...new Set(rows.map(({ service }) => service))].map((name) => `${name}\n`).join(""));
    else if (session.globals.json) stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
    else if (session.globals.quiet) stdout.write(rows.map(({ id }) => `${id}\n`).join(""));
    else stdout.write(`${formatPs(rows, stdoutStyle(session))}\n`);
    return 0;
  },
};

/**
 * The containers, and what is unchanged in the mode of the `up` that made each: one whose spec is the same in both
 * modes keeps the label of the first, and both plans agree about it.
 */
async function surveyLastModes(
  session: Session,
  project: Project,
): Promise<{
  readonly containers: readonly ObservedContainer[];
  readonly current: (container: ObservedContainer) => ReadonlySet<string>;
}> {
  const isPlain = (container: ObservedContainer): boolean => container.labels[LABEL.mode] === "plain";
  const dev = await surveyReadable(session, project, "dev");
  const containers = (dev.world?.observed ?? (await observeOwn(session, project, NO_NAMES))).containers;
  const plain = containers.some(isPlain) ? await surveyReadable(session, project, "plain") : undefined;
  for (const [service, reason] of new Map([...dev.faults, ...(plain?.faults ?? [])]))
    session.renderer().emit({
      type: "warning",
      message: `${service} can't be compared with the project file: ${reason}`,
      hint: 'it is shown as outdated; "dock validate" tells all that is missing',
    });
  const inDev = unchanged(dev);
  const inPlain = plain ? unchanged(plain) : inDev;
  return { containers, current: (container) => (isPlain(container) ? inPlain : inDev) };
}

function unchanged({ world }: PartialSurvey): ReadonlySet<string> {
  return new Set(world?.reconciled.plan.unchanged);
}

function psRow(container: ObservedContainer, current: ReadonlySet<string>): readonly PsRow[] {
  const slot = slotOf(container);
  if (!slot) return [];
  return [
    {
      service: slot.service,
      number: slot.number,
      name: container.name,
      id: container.id,
      image: container.imageRef,
      state: container.state,
      ...(container.health === undefined ? {} : { health: container.health }),
      ...(container.exitCode === undefined ? {} : { exitCode: container.exitCode }),
      ports: container.ports.flatMap((port) =>
        port.hostPort === undefined
          ? []
          : [{ host: port.hostIp ?? "", hostPort: port.hostPort, port: port.containerPort, protocol: port.protocol }],
      ),
      upToDate: current.has(slotTarget(slot)),
    },
  ];
}
