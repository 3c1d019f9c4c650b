import type { Command } from "commander";
import { DockError } from "../error.ts";
import { plainRequest, type PlanRequest } from "../plan/request.ts";
import type { Project } from "../project/model.ts";
import { collect } from "./command.ts";
import { serviceNames } from "./named.ts";

/** Options by which `up`, `plan` and `watch` shape the plan. */
export interface PlanOptions {
  /** False after --no-dev. */
  readonly dev?: boolean;
  /** True after --build, false after --no-build. */
  readonly build?: boolean;
  readonly pull?: boolean;
  readonly forceRecreate?: boolean;
  readonly renewAnonVolumes?: boolean;
  /** False after --no-deps. */
  readonly deps?: boolean;
  readonly removeOrphans?: boolean;
  readonly arg?: readonly string[];
}

/** Adds them to a command. */
export function addPlanOptions(command: Command): void {
  command
    .option("--no-dev", "leave out the services' dev sections")
    .option("--build", "ask the builder also for images whose inputs are unchanged")
    .option("--no-build", "build nothing; fail where an image is missing")
    .option("--pull", "ask the registries for newer base images")
    .option("--force-recreate", "replace containers also where nothing changed")
    .option("-V, --renew-anon-volumes", "make the services' containers anew, with fresh anonymous volumes")
    .option("--no-deps", "leave alone what the services depend on")
    .option("--remove-orphans", "remove containers of services that the file has no more (default)")
    .option("--no-remove-orphans", "keep them")
    .option("--arg <K=V>", "build argument for the images whose Dockerfiles declare it; IMAGE.K=V for one", collect);
}

/** What those options ask the planner for. */
export function planRequest(options: PlanOptions, project: Project, names: readonly string[]): PlanRequest {
  const services = serviceNames(project, names);
  return {
    ...plainRequest(options.dev === false ? "plain" : "dev"),
    ...(services.length === 0 ? {} : { services }),
    noDeps: options.deps === false,
    forceBuild: options.build === true,
    noBuild: options.build === false,
    pull: options.pull ?? false,
    forceRecreate: options.forceRecreate ?? false,
    renewAnonVolumes: options.renewAnonVolumes ?? false,
    removeOrphans: options.removeOrphans !== false,
  };
}

/** The least time between looks, in milliseconds: a look waits for quiet itself. */
const SHORTEST_POLL_MS = 100;

/** Milliseconds between looks after a bare `--poll`. */
const POLL_MS = 1000;

/** Adds `--poll` to a command that watches. */
export function addPollOption(command: Command): void {
  command.option("--poll [MS]", "look at all files every so many milliseconds, where the file system sends no events");
}

/** What `--poll` asks for; undefined without it. */
export function pollOption(given: string | boolean | undefined): number | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return POLL_MS;
  const milliseconds = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (milliseconds >= SHORTEST_POLL_MS) return milliseconds;
  throw new DockError("usage", `--poll takes milliseconds from ${SHORTEST_POLL_MS} on, not "${given}"`);
}
