import { DockError } from "../../error.ts";
import { collect, type CommandDefinition, type Invocation } from "../command.ts";
import { environmentOptions } from "../environment-options.ts";
import { attachExec } from "../exec-session.ts";
import { wholeNumber } from "../global-options.ts";
import { hasTerminal } from "../joined-streams.ts";
import { loadProject } from "../load-project.ts";
import { runningContainers } from "../service-containers.ts";

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
      .option("-d, --detach", "start it and return")
      .option("-e, --env <K=V>", "set an environment variable; K alone takes ours (repeatable)", collect)
      .option("-u, --user <USER>", "run as this user")
      .option("-w, --workdir <DIR>", "run in this directory")
      .option("-T, --no-tty", "no terminal, also when ours is one")
      .option("-t, --tty", "a terminal when ours is one (default; as in docker)")
      .option("-i, --interactive", "pass our input on (default; as in docker)")
      .option("--index <N>", "which container of the service (default: the first one that runs)", wholeNumber)
      .option("--privileged", "give the process extended privileges");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as ExecOptions;
    const [service = "", ...command] = args;
    const project = await loadProject(session);
    const [container] = await runningContainers(session, { project, services: [service], index: given.index });
    if (!container) throw new Error("unreachable: no container is an error");
    const detach = given.detach === true;
    const request = {
      command,
      tty: !detach && given.tty !== false && hasTerminal(session.io),
      stdin: !detach,
      environment: environmentOptions(given.env ?? [], session.io.env),
      ...(given.user === undefined ? {} : { user: given.user }),
      ...(given.workdir === undefined ? {} : { workingDir: given.workdir }),
      ...(given.privileged ? { privileged: true } : {}),
    };
    if (!detach) return attachExec(session, container.id, request);
    const engine = session.engine();
    const id = await engine.execCreate(container.id, request, session.signal);
    await engine.execStartDetached(id, { tty: false }, session.signal);
    // The engine reports a command that it could not run as one that has ended at once.
    const { running, exitCode = 0 } = await engine.execInspect(id, session.signal);
    if (!running && (exitCode === 126 || exitCode === 127)) {
      throw new DockError("operation-failed", `service ${service} could not run ${command[0] ?? "the command"}`);
    }
    return 0;
  },
};
