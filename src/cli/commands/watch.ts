import type { CommandDefinition, Invocation } from "../command.ts";
import { loadWithWarnings } from "../load-project.ts";
import { addPlanOptions, addPollOption, planRequest, type PlanOptions, pollOption } from "../plan-options.ts";
import { watchProject } from "../watch-session.ts";
import { withBuildArgs } from "../world.ts";

/** `dock watch`: `up` if needed, then act on edits until `q` or Ctrl-C. */
export const watch: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command.argument("[services...]", "services to watch with what they depend on (default: all)");
    addPlanOptions(command);
    addPollOption(command);
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as PlanOptions & { readonly poll?: string | boolean };
    const declared = await loadWithWarnings(session);
    const request = planRequest(given, declared, args);
    const adapt = (project: typeof declared): Promise<typeof declared> =>
      withBuildArgs(project, given.arg ?? [], undefined);
    return watchProject(session, { project: await adapt(declared), request, adapt, poll: pollOption(given.poll) });
  },
};
