import { DockError } from "../../error.ts";
import { plainRequest } from "../../plan/request.ts";
import type { Project } from "../../project/model.ts";
import type { Service } from "../../project/service-model.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { converge } from "../converge.ts";
import { loadWithWarnings } from "../load-project.ts";
import { requireKnown } from "../named.ts";
import { jsonResult } from "../report.ts";
import { readyOptions } from "../time-options.ts";

interface ScaleOptions {
  /** False after --no-deps. */
  readonly deps?: boolean;
  /** False after --no-dev. */
  readonly dev?: boolean;
  readonly waitTimeout?: string;
}

/** `dock scale`: brings services to a number of containers until the next `up`, which goes by the file again. */
export const scale: CommandDefinition = {
  usage: "SERVICE=N...",
  configure: (command) => {
    command
      .argument("<services...>", "services, each with the number of containers it is to have")
      .option("--no-deps", "leave alone what the services depend on")
      .option("--no-dev", "leave out the services' dev sections")
      .option("--wait-timeout <DURATION>", "give services that long to become ready (30s, 5m)");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as ScaleOptions;
    const waiting = readyOptions(given.waitTimeout);
    const declared = await loadWithWarnings(session);
    const numbers = new Map(args.map((text) => numberOf(text, declared)));
    const services = { ...declared.services };
    for (const [key, number] of numbers) {
      const service = services[key];
      if (service) services[key] = scaled(service, number);
    }
    const mode = given.dev === false ? "plain" : "dev";
    const request = { ...plainRequest(mode), services: [...numbers.keys()], noDeps: given.deps === false };
    await converge(session, { project: { ...declared, services }, request }, waiting);
    jsonResult(session, { ok: true });
    return 0;
  },
};

function numberOf(text: string, project: Project): readonly [string, number] {
  const [, key = "", number] = /^(.+)=(\d{1,4})$/.exec(text) ?? [];
  if (number === undefined) {
    throw new DockError("usage", `"${text}" is no number of containers for a service`, { hint: "write it as web=3" });
  }
  requireKnown(key, project.services, "service");
  return [key, Number(number)];
}

/** A service with another number of containers; what only one container can have is a usage error for more. */
function scaled(service: Service, number: number): Service {
  const { key, containerName, ports, networks } = service;
  if (number > 1) {
    const port = ports.find(({ hostPort }) => hostPort !== undefined);
    const address = networks.find(({ ipv4Address, ipv6Address }) => (ipv4Address ?? ipv6Address) !== undefined);
    const only =
      containerName !== undefined
        ? `the name ${containerName}`
        : port !== undefined
          ? `port ${port.hostPort} of this machine`
          : address && `a fixed address in network ${address.network}`;
    if (only !== undefined) {
      throw new DockError("usage", `service ${key} can't have ${number} containers: only one can have ${only}`, {
        hint: "leave that out of the project file, or keep one container",
      });
    }
  }
  return { ...service, scale: number };
}
