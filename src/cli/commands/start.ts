import { selectServices } from "../../plan/wanted.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { changeLifecycle } from "../lifecycle.ts";
import { loadProject } from "../load-project.ts";
import { serviceNames } from "../named.ts";
import { jsonResult } from "../report.ts";
import { chosenContainers } from "../service-containers.ts";
import { readyOptions } from "../time-options.ts";

interface StartOptions {
  readonly waitTimeout?: string;
  /** False after --no-deps. */
  readonly deps?: boolean;
}

/** `dock start`: starts containers that are there, what they depend on first, and waits until they are ready. */
export const start: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command
      .argument("[services...]", "services to start with what they depend on (default: all)")
      .option("--no-deps", "leave alone what the services depend on")
      .option("--wait-timeout <DURATION>", "give services that long to become ready (30s, 5m)");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as StartOptions;
    const waiting = readyOptions(given.waitTimeout);
    const project = await loadProject(session);
    const named = serviceNames(project, args);
    await chosenContainers(session, { project, services: named });
    const services = named.length === 0 ? undefined : selectServices(project, named, given.deps === false);
    await changeLifecycle(
      session,
      { project, request: { verb: "start", named, ...(services ? { services } : {}) } },
      waiting,
    );
    jsonResult(session, { ok: true });
    return 0;
  },
};
