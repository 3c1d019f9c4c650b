import { withProjectLock } from "../../execute/lock.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { projectLock } from "../converge.ts";
import { loadProject } from "../load-project.ts";
import { serviceNames } from "../named.ts";
import { jsonResult } from "../report.ts";
import { runningContainers } from "../service-containers.ts";
import { signalName } from "../signal-name.ts";

interface KillOptions {
  readonly signal?: string;
}

/** `dock kill`: sends a signal to running containers, SIGKILL unless another is named. */
export const kill: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command
      .argument("[services...]", "services whose containers get it (default: all)")
      .option("-s, --signal <SIGNAL>", "which one: SIGHUP, HUP or 1", "SIGKILL");
  },
  run: async ({ session, args, options }: Invocation) => {
    const name = signalName((options as KillOptions).signal ?? "SIGKILL");
    const project = await loadProject(session);
    const { signal } = session;
    await withProjectLock(await projectLock(session, project), signal, async () => {
      const containers = await runningContainers(session, { project, services: serviceNames(project, args) });
      await Promise.all(containers.map(async ({ id }) => session.engine().killContainer(id, name, signal)));
      for (const container of containers)
        session.renderer().emit({ type: "notice", message: `sent ${name} to ${container.name}` });
    });
    jsonResult(session, { ok: true });
    return 0;
  },
};
