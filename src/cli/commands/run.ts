import { plainRequest } from "../../plan/request.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { hasTerminal } from "../joined-streams.ts";
import { loadProject } from "../load-project.ts";
import { withOneOff } from "../one-off.ts";
import { requireKnown } from "../named.ts";
import { reportError } from "../report.ts";
import { addRunOptions, serviceForRun, type RunOptions } from "../run-options.ts";
import { CommandFault, startForeground } from "../run-session.ts";

interface RunCommandOptions extends RunOptions {
  readonly rm?: boolean;
  readonly detach?: boolean;
  readonly name?: string;
  /** False after -T. */
  readonly tty?: boolean;
  /** False after --no-deps. */
  readonly deps?: boolean;
  /** False after --no-dev. */
  readonly dev?: boolean;
  readonly build?: boolean;
  readonly pull?: boolean;
  readonly useAliases?: boolean;
}

/** `dock run`: one command in a new container of a service, beside those that `up` keeps; its exit code is ours. */
export const run: CommandDefinition = {
  usage: "SERVICE [COMMAND] [ARG...]",
  configure: (command) => {
    command
      .argument("<service>", "service whose image, mounts and networks it gets")
      .argument("[command...]", "instead of the service's command")
      .passThroughOptions()
      .option("--rm", "remove the container when it ends")
      .option("-d, --detach", "leave it running and print its id")
      .option("--name <NAME>", "name of the container")
      .option("-T, --no-tty", "no terminal, also when ours is one")
      .option("-t, --tty", "a terminal when ours is one (default; as in docker)")
      .option("-i, --interactive", "pass our input on (default; as in docker)")
      .option("--no-deps", "leave alone what the service depends on")
      .option("--no-dev", "leave out the services' dev sections")
      .option("--build", "ask the builder also for images whose inputs are unchanged")
      .option("--pull", "ask the registries for newer images")
      .option("--use-aliases", "let it answer to the service's names on its networks");
    addRunOptions(command);
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as RunCommandOptions;
    const [key = "", ...command] = args;
    const project = await loadProject(session);
    requireKnown(key, project.services, "service");
    const service = project.services[key];
    if (!service) throw new Error(`unreachable: service ${key} is unknown`);
    const detach = given.detach === true;
    const mode = given.dev === false ? "plain" : "dev";
    const tty = !detach && given.tty !== false && hasTerminal(session.io);
    const streams = detach ? { tty: service.tty, stdin: service.stdinOpen } : { tty, stdin: true };
    const autoRemove = given.rm === true;
    const wish = {
      project,
      service,
      changed: await serviceForRun({ service, mode, command, streams }, given, session.io),
      name: given.name,
      autoRemove,
      useAliases: given.useAliases === true,
      request: {
        ...plainRequest(mode),
        noDeps: given.deps === false,
        forceBuild: given.build === true,
        pull: given.pull === true,
      },
    };
    if (detach) {
      const { id } = await withOneOff(session, wish, async (container) => {
        await session.engine().startContainer(container.id, session.signal);
        return container;
      });
      session.io.stdout.write(`${id}\n`);
      return 0;
    }
    try {
      const started = await withOneOff(session, wish, async (container) => {
        await session.releaseTerminal();
        return startForeground(session, container, { ...streams, autoRemove });
      });
      return await started.join();
    } catch (error) {
      if (!(error instanceof CommandFault)) throw error;
      reportError(error.fault, session);
      return error.exitCode;
    }
  },
};
