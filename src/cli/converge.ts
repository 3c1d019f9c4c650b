import { DockError } from "../error.ts";
import type { Event } from "../event.ts";
import type { Outcome } from "../execute/execute.ts";
import { type Execution, initialMade, wantedByTarget } from "../execute/execution.ts";
import { isProjectLocked, type ProjectLock, withProjectLock } from "../execute/lock.ts";
import { RecentDigests } from "../gather/recent-digests.ts";
import type { Action, ActionId } from "../plan/plan.ts";
import type { Conflict } from "../plan/plan-builder.ts";
import type { PlanRequest } from "../plan/request.ts";
import type { Project } from "../project/model.ts";
import { systemClock } from "../std/clock.ts";
import { requireBuildable } from "./build-needs.ts";
import { requireConsent } from "./consent.ts";
import { endedAgain, startedSlots } from "./ended-soon.ts";
import { exposedPorts } from "./exposed-ports.ts";
import { heldPorts } from "./held-ports.ts";
import { RunLogger } from "./logged-run.ts";
import { refuseRemoteBinds } from "./remote-binds.ts";
import type { Session } from "./session.ts";
import { openSync } from "./sync-in-runs.ts";
import { survey, type World } from "./world.ts";

/** Rounds of plan and execution until the plan has to be empty. */
const ROUNDS = 3;

/** How a run is carried out beyond what the plan says. */
export interface ConvergeOptions {
  /** Milliseconds that a service may take until it is ready. */
  readonly readyTimeout?: number;
  /** Looks at the first plan before it is carried out and throws when it must not be. */
  readonly accept?: (world: World) => void;
  /** Whether what the plan destroys may be destroyed without asking. */
  readonly agreed?: boolean;
  /** Leaves out what it does not hold for; with nothing left there is nothing to say either. */
  readonly only?: (action: Action) => boolean;
  /** False: somebody else gives running containers what was saved while nobody watched. */
  readonly catchUp?: boolean;
}

/** What a run did. */
export interface Converged {
  /** What the first plan was made from: what this run was about. */
  readonly first: World;
  /** After the last round: its plan is empty. */
  readonly last: World;
  /** Targets of the slots whose containers this run has started. */
  readonly started: ReadonlySet<string>;
}

/**
 * Plans and carries out until there is nothing left to do (three rounds at most): only then does it return. Rejects with
 * the first failure, with a conflict before anything was touched, and when the plan does not become empty.
 */
export async function converge(
  session: Session,
  of: { readonly project: Project; readonly request: PlanRequest },
  options: ConvergeOptions = {},
): Promise<Converged> {
  const { project } = of;
  const digests = new RecentDigests();
  const renderer = session.renderer();
  await using sync = await openSync(session, of);
  const fill = sync && { fill: sync.fill };
  const lock = await projectLock(session, project);
  const idle = sync ? undefined : await idleWorld(session, { ...of, lock, digests }, options);
  if (idle) {
    await introduce(session, { world: idle, held: [] }, options);
    return { first: idle, last: idle, started: new Set() };
  }
  return await withProjectLock(lock, session.signal, async () => {
    let request = of.request;
    let first: World | undefined;
    const started = new Set<string>();
    for (let round = 0; ; round += 1) {
      const { world, held } = await settledWorld(session, { project, request, digests }, options);
      first ??= world;
      if (round === 0) await introduce(session, { world, held }, options);
      else {
        refuseRemoteBinds(world);
        refuseConflicts(world.reconciled.conflicts);
        if (world.reconciled.plan.actions.length > 0) renderer.emit({ type: "plan", plan: world.reconciled.plan });
      }
      if (world.reconciled.plan.actions.length === 0) {
        if (options.catchUp !== false) await sync?.catchUp(world);
        return { first, last: world, started };
      }
      if (round === ROUNDS) throw unsettled(world);
      const ended = await endedAgain(executionOf(session, world, options), started);
      if (ended) throw ended;
      const done = await carryOut(session, world, { ...options, ...fill, digests });
      for (const slot of startedSlots(world.reconciled.plan, done)) started.add(slot);
      // What was forced is done: asking again would do it again.
      request = {
        ...request,
        forceBuild: false,
        outputs: false,
        noCache: false,
        pull: false,
        forceRecreate: false,
        renewAnonVolumes: false,
      };
    }
  });
}

interface Looking {
  readonly project: Project;
  readonly request: PlanRequest;
  readonly digests: RecentDigests;
}

/**
 * What there is when nothing has to be done and nobody else is at it, before and after looking: a run that changes
 * nothing needs no lock, and is sooner without one. Undefined in every other case, which is to be looked at again.
 */
async function idleWorld(
  session: Session,
  of: Looking & { readonly lock: ProjectLock },
  options: ConvergeOptions,
): Promise<World | undefined> {
  const wasLocked = isProjectLocked(of.lock);
  const looked = survey(session, of.project, { ...of.request, digests: of.digests, reasons: false });
  const [world] = await Promise.all([looked, wasLocked]);
  const idle = narrowed(world, options.only);
  const { plan, conflicts } = idle.reconciled;
  if (plan.actions.length > 0 || conflicts.length > 0) return undefined;
  return (await wasLocked) || (await isProjectLocked(of.lock)) ? undefined : idle;
}

/** How often (ms) and how many times what the engine is doing by itself is waited for. */
const PAUSE_MS = 200;
const PAUSES = 15;

/** What there is, with the ports that others hold, looked at again while the engine is still starting a container. */
async function settledWorld(
  session: Session,
  of: Looking,
  options: ConvergeOptions,
): Promise<{ readonly world: World; readonly held: readonly Conflict[] }> {
  for (let pause = 0; ; pause += 1) {
    const world = narrowed(await survey(session, of.project, { ...of.request, digests: of.digests }), options.only);
    const { conflicts, unsettled } = await heldPorts(session, world);
    if (!unsettled || pause === PAUSES) return { world, held: conflicts };
    await systemClock.sleep(PAUSE_MS, session.signal);
  }
}

/** Shows what the first plan of a run is and what is to be known about it. Throws where it must not be carried out. */
async function introduce(
  session: Session,
  { world, held }: { readonly world: World; readonly held: readonly Conflict[] },
  options: ConvergeOptions,
): Promise<void> {
  const renderer = session.renderer();
  const { plan, conflicts, notices = [] } = world.reconciled;
  refuseRemoteBinds(world);
  refuseConflicts([...conflicts, ...held]);
  options.accept?.(world);
  if (!options.only || plan.actions.length > 0) renderer.emit({ type: "plan", plan });
  for (const message of [...exposedPorts(world), ...notices]) renderer.emit({ type: "notice", message });
  await requireConsent(session, plan, options.agreed ?? false);
}

function narrowed(world: World, only: ((action: Action) => boolean) | undefined): World {
  if (!only) return world;
  const { reconciled } = world;
  const plan = { ...reconciled.plan, actions: reconciled.plan.actions.filter(only) };
  return { ...world, reconciled: { ...reconciled, plan } };
}

/**
 * Carries out one plan, keeping what was done for `why`; throws its first failure. The project's lock must be held.
 * Returns the actions that were carried out, without those that turned out to be unneeded.
 */
export async function carryOut(
  session: Session,
  world: World,
  options: ConvergeOptions & Pick<Execution, "fill" | "digests">,
): Promise<ReadonlySet<ActionId>> {
  await requireBuildable(session, world);
  // Most runs have nothing to do and start sooner without what carries plans out.
  const { execute } = await import("../execute/execute.ts");
  const { releaseMemory } = await import("../std/release-memory.ts");
  const execution = {
    ...executionOf(session, world, options),
    ...(options.fill === undefined ? {} : { fill: options.fill }),
    ...(options.digests === undefined ? {} : { digests: options.digests }),
  };
  releaseMemory();
  const logger = new RunLogger();
  const done = new Set<ActionId>();
  const warnings = new Map<string, Event>();
  const emit = (event: Event): void => {
    if (event.type === "action-done") done.add(event.id);
    if (event.type === "build-warning") {
      // Among the steps of other builds nobody reads them: once, at the end.
      warnings.set(JSON.stringify(event), event);
      return;
    }
    execution.emit(event);
    logger.note(event, world.reconciled.plan, execution.made.images);
  };
  try {
    failOn(await execute({ ...execution, emit }, session.signal));
  } finally {
    for (const warning of warnings.values()) execution.emit(warning);
    await logger.save(session, world.project);
    releaseMemory();
  }
  return done;
}

/** The lock that a change of the project on this engine needs. */
export async function projectLock(session: Session, project: Project): Promise<ProjectLock> {
  const renderer = session.renderer();
  return {
    project: project.name,
    engineId: await session.engineAddress(),
    file: project.file,
    onWait: (message) => renderer.emit({ type: "notice", message }),
  };
}

/** What executors need, from a world. */
export function executionOf(session: Session, world: World, options: ConvergeOptions): Execution {
  const renderer = session.renderer();
  return {
    engine: session.engine(),
    project: world.project,
    inputs: world.inputs,
    observed: world.observed,
    reconciled: world.reconciled,
    wanted: wantedByTarget(world.reconciled),
    emit: (event) => renderer.emit(event),
    clock: systemClock,
    settings: {
      cacheDirectory: session.cacheDirectory,
      env: session.io.env,
      parallel: session.globals.parallel ?? 16,
      parallelBuilds: session.globals.parallel ?? 4,
      ...(options.readyTimeout === undefined ? {} : { readyTimeout: options.readyTimeout }),
    },
    made: initialMade(world.reconciled),
  };
}

/** Throws when something is in the way: nothing has been touched. */
export function refuseConflicts(conflicts: readonly Conflict[]): void {
  const [first, ...others] = conflicts;
  if (!first) return;
  throw new DockError("conflict", `${first.message}; nothing was touched`, {
    hint: first.hint,
    ...(others.length === 0
      ? {}
      : { detail: others.map((conflict) => `also: ${conflict.message} (${conflict.hint})`).join("\n") }),
  });
}

/** Throws the first failure of an execution; the others are told as events. */
export function failOn(outcome: Outcome): void {
  const [first, ...others] = outcome.failed;
  if (!first) return;
  if (others.length === 0) throw first.error;
  const { error } = first;
  throw new DockError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    detail: [error.detail, ...others.map(({ id, error: other }) => `also failed: ${id}: ${other.message}`)]
      .filter((part) => part !== undefined)
      .join("\n"),
    cause: error,
  });
}

function unsettled(world: World): DockError {
  const left = world.reconciled.plan.actions.map((action) => `${action.id} (${action.reasons[0]?.code ?? ""})`);
  return new DockError(
    "operation-failed",
    `the engine does not come to rest: after ${ROUNDS} rounds there is still ${left.slice(0, 3).join(", ")}`,
    {
      hint: 'something else may be changing the same containers; run again, and see "dock plan"',
    },
  );
}
