import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { DockError } from "../../error.ts";
import type { Plan } from "../../plan/plan.ts";
import { planDigest, type SavedPlan } from "../../plan/saved-plan.ts";
import type { PlanRequest } from "../../plan/request.ts";
import type { Project } from "../../project/model.ts";
import { refuseConflicts } from "../converge.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { exposedPorts } from "../exposed-ports.ts";
import { loadWithWarnings } from "../load-project.ts";
import { addPlanOptions, planRequest, type PlanOptions } from "../plan-options.ts";
import { refuseRemoteBinds } from "../remote-binds.ts";
import { stdoutStyle } from "../report.ts";
import type { Session } from "../session.ts";
import { teardownPlan } from "../teardown-plan.ts";
import { survey, unverifiedInputs, withBuildArgs } from "../world.ts";
import { planJson } from "../../ui/plan-json.ts";
import { formatPlan } from "../../ui/plan-view.ts";

interface PlanCommandOptions extends PlanOptions {
  readonly detailedExitcode?: boolean;
  readonly down?: boolean;
  readonly live?: boolean;
  readonly output?: string;
}

/** Exit code of `plan --detailed-exitcode` when there is something to do. */
const EXIT_CHANGES = 10;

/** `dock plan`: what `up` would do and why. Reads only. */
export const plan: CommandDefinition = {
  usage: "[SERVICE...]",
  printsDocument: true,
  configure: (command) => {
    command
      .argument("[services...]", "services to plan for with what they depend on (default: all)")
      .option("--detailed-exitcode", `exit with ${EXIT_CHANGES} when there is something to do`)
      .option("--live", "also look for limits that were changed from outside")
      .option("--down", "show what down would do instead")
      .option("-o, --output <FILE>", 'save the plan for "dock apply FILE"');
    addPlanOptions(command);
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as PlanCommandOptions;
    const declared = await loadWithWarnings(session);
    const request: PlanRequest = {
      ...planRequest(given, declared, args),
      ...(given.live ? { live: true as const } : {}),
    };
    const project = await withBuildArgs(declared, given.arg ?? [], undefined);
    const made = given.down
      ? await teardownPlan(session, project, { volumes: false, images: false })
      : await plannedUp(session, { project, request });
    const { stdout } = session.io;
    if (given.output !== undefined) {
      if (given.down)
        throw new DockError("usage", "--down can't be saved", { hint: 'leave out -o, or run "dock down"' });
      await save(resolve(session.io.cwd, given.output), { project, request, args: given.arg ?? [], plan: made });
    }
    if (session.globals.json) stdout.write(`${JSON.stringify(planJson(made), undefined, 2)}\n`);
    else stdout.write(`${formatPlan(made, stdoutStyle(session))}\n`);
    return given.detailedExitcode && made.actions.length > 0 ? EXIT_CHANGES : 0;
  },
};

async function save(
  path: string,
  of: {
    readonly project: Project;
    readonly request: PlanRequest;
    readonly args: readonly string[];
    readonly plan: Plan;
  },
): Promise<void> {
  const { project, request, args, plan: made } = of;
  const saved: SavedPlan = {
    format: "dock.saved-plan/1",
    project: project.name,
    file: project.file,
    request,
    profiles: project.profiles,
    args,
    digest: planDigest(made),
    plan: planJson(made),
  };
  await writeFile(path, `${JSON.stringify(saved, undefined, 2)}\n`, { mode: 0o600 });
}

async function plannedUp(
  session: Session,
  of: { readonly project: Project; readonly request: PlanRequest },
): Promise<Plan> {
  const world = await survey(session, of.project, of.request);
  const { reconciled } = world;
  refuseRemoteBinds(world);
  refuseConflicts(reconciled.conflicts);
  for (const message of [...unverifiedInputs(world), ...exposedPorts(world), ...(reconciled.notices ?? [])])
    session.renderer().emit({ type: "notice", message });
  return reconciled.plan;
}
