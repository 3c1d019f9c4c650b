import { DockError } from "../../error.ts";
import { withProjectLock } from "../../execute/lock.ts";
import { imageIdOf } from "../../plan/input-digest.ts";
import { externalImages } from "../../plan/plan-pulls.ts";
import { effectiveService } from "../../plan/mode.ts";
import type { Observed } from "../../plan/observed.ts";
import type { Plan } from "../../plan/plan.ts";
import { PlanBuilder } from "../../plan/plan-builder.ts";
import { selectServices } from "../../plan/wanted.ts";
import type { Project } from "../../project/model.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { carryOut, projectLock } from "../converge.ts";
import { handMadeWorld } from "../hand-made-plan.ts";
import { loadProject } from "../load-project.ts";
import { NO_NAMES, observeOwn } from "../observe-own.ts";
import { serviceNames } from "../named.ts";
import { jsonResult } from "../report.ts";

interface PullOptions {
  readonly includeDeps?: boolean;
  readonly ignorePullFailures?: boolean;
  readonly policy?: string;
}

/** `dock pull`: gets the newest images of services from their registries; images that the project builds are left alone. */
export const pull: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command
      .argument("[services...]", "services whose images are pulled (default: all)")
      .option("--include-deps", "also pull the images of what the services depend on")
      .option("--ignore-pull-failures", "pull what can be pulled and end well")
      .option("--policy <POLICY>", '"always", or "missing" for those that are not there', "always");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as PullOptions;
    if (given.policy !== "always" && given.policy !== "missing") {
      throw new DockError("usage", `--policy takes "always" or "missing", not "${given.policy}"`);
    }
    const project = await loadProject(session);
    const named = serviceNames(project, args);
    const services = selectServices(project, named.length === 0 ? undefined : named, given.includeDeps !== true);
    const renderer = session.renderer();
    await withProjectLock(await projectLock(session, project), session.signal, async () => {
      const observed = await observeOwn(session, project, NO_NAMES);
      const plan = pullPlan(project, observed, { services, missing: given.policy === "missing" });
      if (plan.actions.length === 0) {
        renderer.emit({ type: "notice", message: "there is no image to pull" });
        return;
      }
      renderer.emit({ type: "plan", plan });
      try {
        await carryOut(session, handMadeWorld(project, { plan, observed, slots: [] }), {});
      } catch (error) {
        if (!given.ignorePullFailures || session.signal.aborted || !(error instanceof DockError)) throw error;
        renderer.emit({ type: "warning", message: error.message });
      }
    });
    jsonResult(session, { ok: true });
    return 0;
  },
};

/** One pull for each reference, also where only `dev` names it. */
function pullPlan(
  project: Project,
  observed: Observed,
  asked: { readonly services: readonly string[]; readonly missing: boolean },
): Plan {
  const builder = new PlanBuilder();
  for (const key of asked.services) {
    const service = project.services[key];
    if (!service) continue;
    const modes = [effectiveService(service, "plain"), effectiveService(service, "dev")];
    for (const ref of modes.flatMap((one) => externalImages(one))) {
      const there = imageIdOf(observed, ref) !== undefined;
      if (there && asked.missing) continue;
      const platform = service.platform === undefined ? {} : { platform: service.platform };
      const reasons = [{ code: there ? "forced" : "missing" } as const];
      builder.add(`image:${ref}`, { kind: "image.pull", ref, ...platform }, { reasons });
    }
  }
  return builder.build(project.name);
}
