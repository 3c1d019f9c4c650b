import type { ObservedContainer } from "./observed.ts";
import { slotTarget } from "./operation.ts";
import type { ActionId } from "./plan.ts";
import type { Reason } from "./reason.ts";
import { leftoverRemoval } from "./remove-container.ts";
import { planStart, planWait } from "./slot-start.ts";
import { type CurrentState, type SlotWish, isFinished } from "./slot-state.ts";
import type { SlotSurroundings } from "./slot-surroundings.ts";
import { stopSeconds } from "./teardown.ts";

/** A container that is right: started when it is not running, renamed, updated, waited for. */
export function planContinuation(state: CurrentState, wish: SlotWish, around: SlotSurroundings): ActionId | undefined {
  const { current, update } = state;
  const { wanted } = wish;
  const target = slotTarget(wanted.slot);
  const { builder } = around;
  const known = { id: current.id };
  if (update.length > 0) {
    builder.add(target, { kind: "container.update", slot: wanted.slot, ...known }, { reasons: update });
  }
  if (current.name !== wanted.name) {
    const after = state.leftovers
      .map((container) => leftoverRemoval(wanted.slot, container))
      .filter((id) => builder.has(id));
    const reasons: readonly Reason[] = [{ code: "renamed", before: current.name, after: wanted.name }];
    builder.add(target, { kind: "container.rename", ...known, name: wanted.name }, { reasons, after });
  }
  const renewed = [...wish.owners].flatMap(([service, owner]) =>
    owner.kind === "same" && owner.start !== undefined ? [{ path: `service:${service}/1`, start: owner.start }] : [],
  );
  if (current.state === "running" && renewed.length > 0) return planRenewal(current, { wish, renewed }, around);
  if (current.state !== "running" && current.state !== "restarting") {
    if (isFinished(current, wish)) return undefined;
    return planStart(wish, { around, after: [], reasons: [{ code: "not-running", before: current.state }], ...known });
  }
  if (around.restartWith.length > 0) {
    // With one replacement that happens in any case it restarts in any case.
    const [onlyIf] = around.restartWith.every((action) => action.onlyIfImageIsNot !== undefined)
      ? around.restartWith.map((action) => action.onlyIfImageIsNot)
      : [];
    const restarted = builder.add(
      target,
      { kind: "container.restart", slot: wanted.slot, ...known, timeoutSeconds: stopSeconds(wanted.service) },
      {
        reasons: around.restartWith.map(({ target: path }) => ({ code: "dependency-replaced", path })),
        after: around.restartWith.map(({ id }) => id),
        ...(onlyIf === undefined ? {} : { onlyIfImageIsNot: onlyIf }),
      },
    );
    return planWait(wish, { around, after: restarted, known });
  }
  const waiting =
    wish.until === "healthy"
      ? current.health !== "healthy"
      : wish.until === "completed" || current.state === "restarting";
  if (!waiting) return undefined;
  return planWait(wish, { around, after: undefined, known });
}

/**
 * A container that runs in namespaces of one that does not: it is stopped before that one starts and started after it,
 * so that an interruption leaves something to be seen.
 */
function planRenewal(
  current: ObservedContainer,
  of: { readonly wish: SlotWish; readonly renewed: readonly { readonly path: string; readonly start: ActionId }[] },
  around: SlotSurroundings,
): ActionId {
  const { wanted } = of.wish;
  const { id, name } = current;
  const reasons = of.renewed.map(({ path }): Reason => ({ code: "namespace-renewed", path }));
  const stopped = around.builder.add(
    slotTarget(wanted.slot),
    { kind: "container.stop", id, name, timeoutSeconds: stopSeconds(wanted.service) },
    { reasons },
  );
  for (const { start: ownersStart } of of.renewed) around.builder.order(ownersStart, stopped);
  return planStart(of.wish, { around, after: [stopped], reasons, id });
}
