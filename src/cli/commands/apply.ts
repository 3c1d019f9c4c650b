import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { DockError } from "../../error.ts";
import { planDigest, readSavedPlan, type SavedPlan } from "../../plan/saved-plan.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { converge } from "../converge.ts";
import { loadWithWarnings } from "../load-project.ts";
import { jsonResult } from "../report.ts";
import type { Session } from "../session.ts";
import { type World, withBuildArgs } from "../world.ts";

interface ApplyOptions {
  readonly yes?: boolean;
}

/** `dock apply`: carries out a plan that `plan -o` saved; refused when it would not be the same plan any more. */
export const apply: CommandDefinition = {
  usage: "FILE",
  configure: (command) => {
    command.argument("<file>", 'plan saved with "dock plan -o FILE"');
    command.option("-y, --yes", "destroy what the plan says it destroys without being asked");
  },
  run: async ({ session, args, options }: Invocation) => {
    const [name = ""] = args;
    const saved = await readPlan(session, name);
    const declared = await loadWithWarnings(session, saved.profiles);
    if (declared.file !== saved.file || declared.name !== saved.project) {
      throw new DockError(
        "plan-stale",
        `${name} was made for project ${saved.project} of ${saved.file}, not for ${declared.name} of ${declared.file}`,
        {
          hint: "go to that project, or make a new plan here",
        },
      );
    }
    const project = await withBuildArgs(declared, saved.args, undefined);
    await converge(
      session,
      { project, request: saved.request },
      { accept: (world) => refuseOther(world, saved, name), agreed: (options as ApplyOptions).yes ?? false },
    );
    jsonResult(session, { ok: true });
    return 0;
  },
};

function refuseOther(world: World, saved: SavedPlan, name: string): void {
  if (planDigest(world.reconciled.plan) === saved.digest) return;
  throw new DockError(
    "plan-stale",
    `${name} is stale: the project, its files or the engine have changed since it was made; nothing was touched`,
    {
      hint: `make it again: dock plan -o ${name}`,
    },
  );
}

async function readPlan(session: Session, name: string): Promise<SavedPlan> {
  const path = resolve(session.io.cwd, name);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new DockError(
      "usage",
      `the plan ${path} can't be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`,
      { cause: error },
    );
  }
  const saved = readSavedPlan(text);
  if ("problem" in saved) {
    throw new DockError("usage", `${name} can't be applied: ${saved.problem}`, {
      hint: `make one with "dock plan -o ${name}"`,
    });
  }
  return saved;
}
