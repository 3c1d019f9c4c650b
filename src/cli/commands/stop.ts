import { withSharingServices } from "../../plan/shared-namespaces.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { changeLifecycle } from "../lifecycle.ts";
import { loadProject } from "../load-project.ts";
import { serviceNames } from "../named.ts";
import { jsonResult } from "../report.ts";
import { stopTimeout } from "../time-options.ts";

interface StopOptions {
  readonly timeout?: string;
}

/** `dock stop`: stops containers and keeps them; what depends on others goes first. Nothing to stop is as good. */
export const stop: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command
      .argument("[services...]", "services to stop (default: all)")
      .option("-t, --timeout <SECONDS>", "kill what has not stopped by then (default: as its service says, else 10)");
  },
  run: async ({ session, args, options }: Invocation) => {
    const seconds = stopTimeout((options as StopOptions).timeout);
    const project = await loadProject(session);
    const services = withSharingServices(project, serviceNames(project, args));
    await changeLifecycle(
      session,
      {
        project,
        request: {
          verb: "stop",
          named: services,
          ...(services.length === 0 ? {} : { services }),
          ...(seconds === undefined ? {} : { seconds }),
        },
      },
      {},
    );
    jsonResult(session, { ok: true });
    return 0;
  },
};
