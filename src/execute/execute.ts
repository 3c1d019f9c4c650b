import { DockError } from "../error.ts";
import type { Operation, OperationKind } from "../plan/operation.ts";
import type { Action, ActionId } from "../plan/plan.ts";
import { Semaphore } from "../std/semaphore.ts";
import { EXECUTORS, type Executors } from "./executors.ts";
import type { Execution } from "./execution.ts";
import { ExitWatch, isWorthWatching } from "./exit-watch.ts";
import { finishingEngine } from "./finishing-engine.ts";

/** How a plan's execution ended, by action. */
export interface Outcome {
  readonly done: readonly ActionId[];
  readonly failed: readonly { readonly id: ActionId; readonly error: DockError }[];
  /** Not started: something they need failed, or the run was interrupted. */
  readonly skipped: readonly ActionId[];
}

type Verdict = "done" | "failed" | "skipped";

/**
 * Carries out a plan: each action as soon as those before it are done, as many at once as allowed. A failure skips only
 * what needs it. Settles when no operation is under way any more; an abort lets none start and rejects with its reason.
 */
export async function execute(given: Execution, signal: AbortSignal): Promise<Outcome> {
  const { engine, project, reconciled } = given;
  if (!isWorthWatching(reconciled.plan.actions)) return carryOut({ ...given, engine: finishingEngine(engine) }, signal);
  const exits = new ExitWatch(engine, project.name, signal);
  try {
    return await carryOut({ ...given, engine: finishingEngine(engine), exits }, signal);
  } finally {
    await exits.close();
  }
}

async function carryOut(execution: Execution, signal: AbortSignal): Promise<Outcome> {
  const { actions } = execution.reconciled.plan;
  const limits = {
    builds: new Semaphore(execution.settings.parallelBuilds),
    others: new Semaphore(execution.settings.parallel),
  };
  const failed: { id: ActionId; error: DockError }[] = [];
  const running = new Map<ActionId, Promise<Verdict>>();
  const bugs: unknown[] = [];
  for (const action of actions) {
    // The plan's order has everything before what needs it.
    const before = action.after.flatMap((id) => running.get(id) ?? []);
    const verdict = (async (): Promise<Verdict> => {
      const verdicts = await Promise.all(before);
      if (signal.aborted || verdicts.some((verdict) => verdict !== "done")) {
        execution.emit({
          type: "action-skipped",
          id: action.id,
          because: signal.aborted ? "interrupted" : "something it needs failed",
        });
        return "skipped";
      }
      const slot = action.operation.kind === "image.build" ? limits.builds : limits.others;
      // A wait does nothing but wait: it takes no place from operations.
      const work = (): Promise<Verdict> => perform(action, { execution, signal, failed, bugs });
      const { kind } = action.operation;
      // Starts before further creations: the engine does both at once sooner than all of one and then all of the other.
      return kind === "container.wait" ? work() : slot.run(work, kind === "container.start");
    })();
    running.set(action.id, verdict);
  }
  const verdicts = await Promise.all(running.values());
  if (bugs.length > 0) throw bugs[0];
  signal.throwIfAborted();
  const ids = [...running.keys()];
  const those = (verdict: Verdict): readonly ActionId[] => ids.filter((_, index) => verdicts[index] === verdict);
  return { done: those("done"), failed, skipped: those("skipped") };
}

async function perform(
  action: Action,
  run: {
    readonly execution: Execution;
    readonly signal: AbortSignal;
    readonly failed: { id: ActionId; error: DockError }[];
    readonly bugs: unknown[];
  },
): Promise<Verdict> {
  const { execution, signal } = run;
  if (signal.aborted) {
    execution.emit({ type: "action-skipped", id: action.id, because: "interrupted" });
    return "skipped";
  }
  const condition = action.onlyIfImageIsNot;
  if (condition && execution.made.images.get(condition.image)?.id === condition.id) {
    execution.emit({ type: "action-unneeded", id: action.id, note: `image ${condition.image} came out identical` });
    return "done";
  }
  const start = execution.clock.now();
  const elapsed = (): number => execution.clock.now() - start;
  execution.emit({ type: "action-started", id: action.id });
  try {
    const note = await dispatch(EXECUTORS, action.operation, { execution, signal });
    execution.emit({
      type: "action-done",
      id: action.id,
      durationMs: elapsed(),
      ...(note === undefined ? {} : { note }),
    });
    return "done";
  } catch (error) {
    if (signal.aborted) {
      execution.emit({ type: "action-skipped", id: action.id, because: "interrupted" });
      return "skipped";
    }
    if (!(error instanceof DockError)) {
      run.bugs.push(error);
      return "failed";
    }
    run.failed.push({ id: action.id, error });
    execution.emit({ type: "action-failed", id: action.id, durationMs: elapsed(), error });
    return "failed";
  }
}

function dispatch<K extends OperationKind>(
  executors: Executors,
  operation: Operation<K>,
  run: { readonly execution: Execution; readonly signal: AbortSignal },
): Promise<string | undefined> {
  return executors[operation.kind as K](operation, run.execution, run.signal);
}
