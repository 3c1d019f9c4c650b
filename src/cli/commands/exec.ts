import { observe } from "../../engine/observe.ts";
import type { ObservedContainer } from "../../plan/observed.ts";
import { DockError } from "../../error.ts";
import { slotOf } from "../../plan/slot-state.ts";
import { collect, type CommandDefinition, type Invocation } from "../command.ts";
import { attachExec } from "../exec-session.ts";
import { wholeNumber } from "../global-options.ts";
import { keyValues, loadProject } from "../load-project.ts";
import { requireKnown } from "../plan-options.ts";
import type { Session } from "../session.ts";

interface ExecOptions {
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  /** False after -T. */
  readonly tty?: boolean;
  readonly index?: number;
  readonly privileged?: boolean;
  readonly detach?: boolean;
}

/** `dock exec`: runs a command in a service's running container; its exit code is ours. */
export const exec: CommandDefinition = {
  usage: "SERVICE COMMAND [ARG...]",
  configure: (command) => {
    command
      .argument("<service>", "service")
      .argument("<command...>", "command and its arguments")
      .passThroughOptions()
      .option("-e, --env <K=V>", "set an environment variable (repeatable)", collect)
      .option("-u, --user <USER>", "run as this user")
      .option("-w, --workdir <DIR>", "run in this directory")
      .option("-T, --no-tty", "no terminal, also when ours is one")
      .option("--index <N>", "which container of the service (default: the first one that runs)", wholeNumber)
      .option("--privileged", "give the process extended privileges");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as ExecOptions;
    const [service = "", ...command] = args;
    const project = await loadProject(session);
    requireKnown(service, project.services, "service");
    const container = await runningContainer(session, { project: project.name, service, index: given.index });
    const { stdin, stdout } = session.io;
    const tty = given.tty !== false && stdin.isTTY === true && stdout.isTTY === true;
    return attachExec(session, container.id, {
      command,
      tty,
      stdin: true,
      environment: keyValues(given.env ?? [], "--env"),
      ...(given.user === undefined ? {} : { user: given.user }),
      ...(given.workdir === undefined ? {} : { workingDir: given.workdir }),
      ...(given.privileged ? { privileged: true } : {}),
    });
  },
};

async function runningContainer(
  session: Session,
  of: { readonly project: string; readonly service: string; readonly index: number | undefined },
): Promise<ObservedContainer> {
  const nothing = { containers: [], networks: [], volumes: [] };
  const observed = await observe(session.engine(), { project: of.project, wantedNames: nothing }, session.signal);
  const own = observed.containers
    .filter((container) => slotOf(container)?.service === of.service)
    .sort((a, b) => (slotOf(a)?.number ?? 0) - (slotOf(b)?.number ?? 0));
  const chosen =
    of.index === undefined
      ? own.find(({ state }) => state === "running")
      : own.find((container) => slotOf(container)?.number === of.index);
  if (chosen?.state === "running") return chosen;
  const which =
    of.index === undefined
      ? `service ${of.service} has no running container`
      : `container ${of.index} of service ${of.service} is not running`;
  throw new DockError("operation-failed", which, { hint: `start it with "dock up -d ${of.service}"` });
}
