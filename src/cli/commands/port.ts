import { DockError } from "../../error.ts";
import type { ObservedPort } from "../../plan/observed.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { wholeNumber } from "../global-options.ts";
import { loadProject } from "../load-project.ts";
import { runningContainers } from "../service-containers.ts";

interface PortOptions {
  readonly protocol?: string;
  readonly index?: number;
}

/** `dock port`: where a port of a service's container is published on this machine; without a port, all of them. */
export const port: CommandDefinition = {
  usage: "SERVICE [PORT[/PROTOCOL]]",
  printsDocument: true,
  configure: (command) => {
    command
      .argument("<service>", "service")
      .argument("[port]", "port in the container: 80, 53/udp (default: all that are published)")
      .option("--protocol <NAME>", "tcp or udp", "tcp")
      .option("--index <N>", "which container of the service (default: the first one that runs)", wholeNumber);
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as PortOptions;
    const [service = "", text] = args;
    const asked = text === undefined ? undefined : portOf(text, given.protocol ?? "tcp");
    const project = await loadProject(session);
    const [container] = await runningContainers(session, { project, services: [service], index: given.index });
    const published = (container?.ports ?? [])
      .filter(({ hostPort }) => hostPort !== undefined)
      .filter((one) => !asked || (one.containerPort === asked.port && one.protocol === asked.protocol));
    if (published.length === 0) {
      const what = asked ? `port ${asked.port}/${asked.protocol}` : "port";
      throw new DockError("operation-failed", `service ${service} publishes no ${what}`, {
        hint: '"ports:" of the service in the project file publishes one',
      });
    }
    const { stdout } = session.io;
    if (session.globals.json) {
      const rows = published.map(({ hostIp = "", hostPort, containerPort, protocol }) => ({
        host: hostIp,
        hostPort,
        port: containerPort,
        protocol,
      }));
      stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
    } else {
      for (const one of published)
        stdout.write(`${asked ? "" : `${one.containerPort}/${one.protocol} -> `}${hostSide(one)}\n`);
    }
    return 0;
  },
};

function portOf(text: string, protocol: string): { readonly port: number; readonly protocol: string } {
  const [, number, named = protocol] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  if (number === undefined) throw new DockError("usage", `"${text}" is no port`, { hint: "write it as 80 or 53/udp" });
  return { port: Number(number), protocol: named };
}

function hostSide({ hostIp = "", hostPort }: ObservedPort): string {
  return `${hostIp.includes(":") ? `[${hostIp}]` : hostIp}:${hostPort}`;
}
