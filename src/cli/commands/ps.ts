import { LABEL } from "../../plan/labels.ts";
import type { ObservedContainer } from "../../plan/observed.ts";
import { slotTarget } from "../../plan/operation.ts";
import { plainRequest } from "../../plan/request.ts";
import { slotOf } from "../../plan/slot-state.ts";
import { formatPs, type PsRow } from "../../ui/ps-view.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { loadProject } from "../load-project.ts";
import type { Project } from "../../project/model.ts";
import type { Session } from "../session.ts";
import { requireKnown } from "../plan-options.ts";
import { stdoutStyle } from "../report.ts";
import { survey, type World } from "../world.ts";

interface PsOptions {
  readonly all?: boolean;
  readonly services?: boolean;
}

/** `dock ps`: the project's containers, and whether each is what the file asks for. */
export const ps: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command
      .argument("[services...]", "only these services")
      .option("-a, --all", "also show stopped containers (default; as in docker)")
      .option("--services", "print only the names of services that have a container");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as PsOptions;
    const project = await loadProject(session);
    for (const service of args) requireKnown(service, project.services, "service");
    const world = await surveyLastMode(session, project);
    const current = new Set(world.reconciled.plan.unchanged);
    const rows = world.observed.containers
      .flatMap((container) => psRow(container, current))
      .filter((candidate) => args.length === 0 || args.includes(candidate.service))
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

/** Plans in the mode of the last `up`, as the containers' labels tell it. */
async function surveyLastMode(session: Session, project: Project): Promise<World> {
  const world = await survey(session, project, plainRequest("dev"));
  const { containers } = world.observed;
  const plain = containers.length > 0 && containers.every((container) => container.labels[LABEL.mode] === "plain");
  return plain ? survey(session, project, plainRequest("plain")) : world;
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
