import type { Handover, Operation, Replacement } from "./operation.ts";
import type { Action, ActionId } from "./plan.ts";
import type { Scope } from "./reconcile-scope.ts";
import { slotTarget } from "./operation.ts";
import { stopSeconds } from "./teardown.ts";

type Member = Operation<"container.replace" | "container.start" | "container.wait">;

/**
 * Joins the operations of circles: of each pair the taker needs what the other action frees, and that one waits for the
 * taker. What lies between the two, the dependencies that make the circle, takes part.
 */
export function planHandovers(
  scope: Scope,
  circles: readonly { readonly taker: ActionId; readonly freed: ActionId }[],
): void {
  const { builder } = scope;
  const groups: Set<ActionId>[] = [];
  for (const { taker, freed } of circles) {
    const between = builder
      .actions()
      .filter(({ id }) => id === taker || id === freed || (builder.follows(id, taker) && builder.follows(freed, id)));
    const group = new Set(between.filter(({ operation }) => isMember(operation)).map(({ id }) => id));
    for (const other of groups.filter((candidate) => [...candidate].some((id) => group.has(id)))) {
      for (const id of other) group.add(id);
      groups.splice(groups.indexOf(other), 1);
    }
    groups.push(group);
  }
  for (const group of groups) join(scope, group);
}

/** Puts the members one after the other, all after what any of them needs: once the first has begun, nothing else can keep one from running. */
function join(scope: Scope, group: ReadonlySet<ActionId>): void {
  const { builder } = scope;
  const members = builder.build("").actions.filter(({ id }) => group.has(id));
  const [first] = members;
  if (!first) return;
  for (const [index, member] of members.entries()) {
    const former = members[index - 1];
    if (former) builder.order(member.id, former.id);
    for (const needed of member.after) if (!group.has(needed)) builder.order(first.id, needed);
  }
  const last = members.at(-1) ?? first;
  for (const { id, after } of builder.actions()) {
    // The old containers, and with them what they use, go with the last one.
    if (!group.has(id) && after.some((needed) => group.has(needed))) builder.order(id, last.id);
  }
  const replaced = members.flatMap(({ operation }) =>
    operation.kind === "container.replace" ? [replacement(operation)] : [],
  );
  const started = members.flatMap(({ operation }) =>
    operation.kind === "container.start" ? [startedSlot(scope, operation)] : [],
  );
  for (const [index, { id }] of members.entries()) {
    const part = index === 0 ? "first" : index === members.length - 1 ? "last" : "between";
    builder.change(id, (action) => inHandover(action, { part, replaced, started }));
  }
}

/** One that would be replaced on a condition only is replaced in any case: the others count on it. */
function inHandover({ onlyIfImageIsNot: _condition, ...action }: Action, handover: Handover): Action {
  return isMember(action.operation) ? { ...action, operation: { ...action.operation, handover } } : action;
}

function isMember(operation: Operation): operation is Member {
  return ["container.replace", "container.start", "container.wait"].includes(operation.kind);
}

function replacement({ until: _until, kind: _kind, ...rest }: Operation<"container.replace">): Replacement {
  return rest;
}

function startedSlot({ slots }: Scope, { slot, id }: Operation<"container.start">): Handover["started"][number] {
  const wanted = slots.find((candidate) => slotTarget(candidate.slot) === slotTarget(slot));
  const timeoutSeconds = wanted ? stopSeconds(wanted.service) : 10;
  return { slot, timeoutSeconds, ...(id === undefined ? {} : { id }) };
}
