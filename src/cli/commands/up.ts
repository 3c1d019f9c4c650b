import { DockError } from "../../error.ts";
import { parseDuration } from "../../std/duration.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { converge, type ConvergeOptions } from "../converge.ts";
import { loadWithWarnings } from "../load-project.ts";
import { addPlanOptions, addPollOption, planRequest, type PlanOptions, pollOption } from "../plan-options.ts";
import { jsonResult } from "../report.ts";
import { withBuildArgs } from "../world.ts";

interface UpOptions extends PlanOptions {
  readonly detach?: boolean;
  readonly watch?: boolean;
  readonly waitTimeout?: string;
  readonly yes?: boolean;
  readonly poll?: string | boolean;
}

/** `dock up`: the plan, its execution, then the logs until Ctrl-C (or with -d nothing more). */
export const up: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command
      .argument("[services...]", "services to bring up with what they depend on (default: all)")
      .option("-d, --detach", "return when everything is ready instead of following logs")
      .option("-w, --watch", "keep acting on edits afterwards");
    addPollOption(command);
    addPlanOptions(command);
    command.option("-y, --yes", "destroy what the plan says it destroys without being asked");
    command.option("--wait-timeout <DURATION>", "give services that long to become ready (30s, 5m)");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as UpOptions;
    if (given.detach && given.watch) throw new DockError("usage", "--detach and --watch exclude each other");
    const declared = await loadWithWarnings(session);
    const request = planRequest(given, declared, args);
    const project = await withBuildArgs(declared, given.arg ?? [], undefined);
    if (given.watch) {
      const { watchProject } = await import("../watch-session.ts");
      return watchProject(session, {
        project,
        request,
        poll: pollOption(given.poll),
        adapt: async (reloaded) => withBuildArgs(reloaded, given.arg ?? [], undefined),
      });
    }
    const converged = await converge(session, { project, request }, convergeOptions(given));
    jsonResult(session, { ok: true });
    if (given.detach || session.globals.json) return 0;
    const { followAndStop } = await import("../attached.ts");
    return followAndStop(session, converged);
  },
};

function convergeOptions(options: UpOptions): ConvergeOptions {
  const agreed = options.yes ?? false;
  if (options.waitTimeout === undefined) return { agreed };
  const readyTimeout = parseDuration(options.waitTimeout);
  if (readyTimeout === undefined) {
    throw new DockError("usage", `--wait-timeout takes a duration like 30s or 5m, not "${options.waitTimeout}"`);
  }
  return { agreed, readyTimeout };
}
