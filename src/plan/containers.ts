import type { Project } from "../project/model.ts";
import { devVolumeName, devVolumeTarget } from "./dev-volume.ts";
import type { ObservedContainer } from "./observed.ts";
import { type Operation, type SlotRef, slotTarget } from "./operation.ts";
import { following } from "./owner.ts";
import type { Action, ActionId } from "./plan.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { Reason } from "./reason.ts";
import { sharersOf } from "./shared-namespaces.ts";
import { imageId, isFinished, slotOf, type SlotState, type SlotWish, slotState } from "./slot-state.ts";
import { stopSeconds } from "./teardown.ts";

/** What a slot's planning needs to know of everything around it. */
export interface SlotSurroundings {
  readonly project: Project;
  readonly builder: PlanBuilder;
  /** Image, networks and volumes that have to be there before the container is created. */
  readonly needs: readonly (ActionId | undefined)[];
  /** Readiness of what the service depends on: before it is started. */
  readonly dependencies: readonly ActionId[];
  /** Replacements of dependencies with `restart: true`: when one is carried out, this service restarts. */
  readonly restartWith: readonly Action[];
  /** All own containers. */
  readonly containers: readonly ObservedContainer[];
}

/** Plans one slot; returns the action after which the service is ready, or undefined when it is already. */
export function planSlot(
  containers: readonly ObservedContainer[],
  wish: SlotWish,
  around: SlotSurroundings,
): ActionId | undefined {
  const state = slotState(containers, wish);
  const { current } = state;
  const build = wish.image.kind === "built" ? wish.image.image.build : undefined;
  const predecessor = build === undefined ? predecessorOf(state, wish) : undefined;
  const removed = state.leftovers
    .filter((container) => container !== predecessor)
    .map((container) =>
      removeContainer(container, { around, slot: wish.wanted.slot, reasons: [{ code: "leftover" }] }),
    );
  orderNetworkRemovals(wish, { builder: around.builder, after: removed });
  if (!current) return planCreation(wish, { ...around, needs: [...around.needs, ...removed] });
  const target = slotTarget(wish.wanted.slot);
  if (movesToNewNetwork(state, wish)) {
    // A network's new definition needs the old one gone, and that needs its containers gone.
    const gone = removeContainer(current, { around, slot: wish.wanted.slot, reasons: state.replace });
    orderNetworkRemovals(wish, { builder: around.builder, after: [gone] });
    return planCreation(wish, { ...around, needs: [...around.needs, ...removed, gone] }, state.replace);
  }
  const follows = following(current, wish.owners).conditional;
  if (state.replace.length > 0 || build !== undefined || follows.length > 0) {
    const condition =
      build !== undefined && wish.image.kind === "built"
        ? { image: wish.image.image.key, id: current.imageId }
        : undefined;
    return planReplacement(
      { ...state, current },
      { wish, condition, follows },
      { ...around, needs: [...around.needs, ...removed] },
    );
  }
  if (predecessor) {
    return planSuccession({ current, predecessor }, wish, { ...around, needs: [...around.needs, ...removed] });
  }
  const ready = planContinuation({ ...state, current }, wish, around);
  if (!around.builder.touches(target)) around.builder.unchanged(target);
  return ready;
}

function planCreation(
  wish: SlotWish,
  around: SlotSurroundings,
  reasons: readonly Reason[] = [{ code: "missing" }],
): ActionId {
  const { wanted } = wish;
  const target = slotTarget(wanted.slot);
  const volumes = planDevVolumes(wish, { around, reasons });
  const created = around.builder.add(
    target,
    { kind: "container.create", slot: wanted.slot, name: wanted.name },
    { reasons, after: [...around.needs, ...volumes] },
  );
  return start(wish, { around, after: [created], reasons });
}

/** Start of a container that is there or made by this plan, and the wait until it is ready. */
function start(
  wish: SlotWish,
  of: {
    readonly around: SlotSurroundings;
    readonly after: readonly ActionId[];
    readonly reasons: readonly Reason[];
    readonly id?: string;
  },
): ActionId {
  const { around, after, reasons, id } = of;
  const target = slotTarget(wish.wanted.slot);
  const known = id === undefined ? {} : { id };
  const started = around.builder.add(
    target,
    { kind: "container.start", slot: wish.wanted.slot, ...known },
    { reasons, after: [...after, ...around.dependencies] },
  );
  return wait(wish, { around, after: started, known });
}

function wait(
  wish: SlotWish,
  of: { readonly around: SlotSurroundings; readonly after: ActionId | undefined; readonly known: { id?: string } },
): ActionId {
  return of.around.builder.add(
    slotTarget(wish.wanted.slot),
    { kind: "container.wait", slot: wish.wanted.slot, until: wish.until, ...of.known },
    { reasons: [{ code: "dependency" }], after: [of.after] },
  );
}

interface CurrentState extends SlotState {
  readonly current: ObservedContainer;
}

function planReplacement(
  state: CurrentState,
  of: {
    readonly wish: SlotWish;
    /** Of the build of its own image. */
    readonly condition: Action["onlyIfImageIsNot"];
    /** Replacements on a condition of the containers whose namespaces it shares. */
    readonly follows: readonly Action[];
  },
  around: SlotSurroundings,
): ActionId {
  const { current } = state;
  const { wanted } = of.wish;
  // With another reason than the build it is replaced in any case.
  const conditions = [of.condition, ...of.follows.map(({ onlyIfImageIsNot }) => onlyIfImageIsNot)].filter(
    (condition) => condition !== undefined,
  );
  const onlyIf = state.replace.length > 0 || conditions.length > 1 ? undefined : conditions[0];
  const rebuilt: readonly Reason[] = of.condition
    ? [{ code: "image-rebuilt", path: of.condition.image, before: of.condition.id }]
    : [];
  const followed = of.follows.map(({ target: path }): Reason => ({ code: "dependency-replaced", path }));
  const reasons = [...state.replace, ...rebuilt, ...followed];
  const sharers = sharersIn(current, around);
  const volumes = planDevVolumes(of.wish, {
    around,
    reasons,
    current,
    ...(of.condition ? { condition: of.condition } : {}),
  });
  const replaced = around.builder.add(
    slotTarget(wanted.slot),
    {
      kind: "container.replace",
      slot: wanted.slot,
      id: current.id,
      name: wanted.name,
      temporaryName: `${wanted.name}-${wanted.specDigest.slice(0, 8)}`,
      timeoutSeconds: stopSeconds(wanted.service),
      oldWasRunning: current.state === "running",
      ...sharers,
      until: of.wish.until,
    },
    {
      reasons,
      after: [...around.needs, ...volumes, ...around.dependencies],
      ...(onlyIf ? { onlyIfImageIsNot: onlyIf } : {}),
    },
  );
  removeFormerDevVolumes(of.wish, {
    current,
    replaced,
    around,
    reasons,
    condition: of.condition,
    unconditional: onlyIf === undefined,
  });
  return replaced;
}

/**
 * The container that an interrupted replacement was to take the place of, where the new one is there and right: until
 * that one is known to be ready, the old one is the way back.
 */
function predecessorOf(state: SlotState, wish: SlotWish): ObservedContainer | undefined {
  const { current, leftovers } = state;
  if (!current || current.state === "paused" || isFinished(current, wish)) return undefined;
  if (state.replace.length > 0 || movesToNewNetwork(state, wish)) return undefined;
  return leftovers.find(isServing) ?? leftovers.find((container) => container.state === "exited");
}

function isServing({ state }: ObservedContainer): boolean {
  return state === "running" || state === "restarting" || state === "paused";
}

/** Goes on with a replacement that was interrupted after the new container had been made. */
function planSuccession(
  of: { readonly current: ObservedContainer; readonly predecessor: ObservedContainer },
  wish: SlotWish,
  around: SlotSurroundings,
): ActionId {
  const { current, predecessor } = of;
  const { wanted } = wish;
  return around.builder.add(
    slotTarget(wanted.slot),
    {
      kind: "container.replace",
      slot: wanted.slot,
      id: predecessor.id,
      name: wanted.name,
      temporaryName: current.name,
      successor: current.id,
      timeoutSeconds: stopSeconds(wanted.service),
      // Whoever interrupted the replacement may have stopped it; what runs to its end must not run again.
      oldWasRunning: wish.until !== "completed",
      ...sharersIn(predecessor, around),
      until: wish.until,
    },
    { reasons: [{ code: "leftover" }], after: [...around.needs, ...around.dependencies] },
  );
}

/** Dev volumes that the new container needs and the engine lacks; their names may follow from a build's result. */
function planDevVolumes(
  wish: SlotWish,
  of: {
    readonly around: SlotSurroundings;
    readonly reasons: readonly Reason[];
    readonly current?: ObservedContainer;
    readonly condition?: Action["onlyIfImageIsNot"];
  },
): readonly ActionId[] {
  const { around, current, condition } = of;
  const { slot, devTargets } = wish.wanted;
  const id = imageId(wish.image);
  return devTargets.flatMap((path) => {
    const name = id === undefined ? undefined : devVolumeName(around.project.name, { slot, path }, id);
    const mounted = current?.mounts.some((mount) => mount.target === path && mount.source === name) ?? false;
    if (mounted && condition === undefined) return [];
    const keptName = current && devVolumeName(around.project.name, { slot, path }, current.imageId);
    const kept = current?.mounts.some((mount) => mount.target === path && mount.source === keptName) ?? false;
    return [
      around.builder.add(
        devVolumeTarget(slot, path),
        { kind: "volume.create", volume: { kind: "dev", slot, path } },
        {
          reasons: current ? of.reasons : [{ code: "missing" }],
          after: around.needs,
          ...(condition && kept ? { onlyIfImageIsNot: condition } : {}),
        },
      ),
    ];
  });
}

/** The replaced container's dev volumes go when the new one has others. */
function removeFormerDevVolumes(
  wish: SlotWish,
  of: {
    readonly current: ObservedContainer;
    readonly replaced: ActionId;
    readonly around: SlotSurroundings;
    readonly reasons: readonly Reason[];
    readonly condition: Action["onlyIfImageIsNot"];
    readonly unconditional: boolean;
  },
): void {
  const { current, around, condition } = of;
  const { slot } = wish.wanted;
  const id = imageId(wish.image);
  for (const mount of current.mounts) {
    const own = devVolumeName(around.project.name, { slot, path: mount.target }, current.imageId) === mount.source;
    if (!own || mount.kind !== "volume") continue;
    const stillWanted = wish.wanted.devTargets.includes(mount.target);
    const sameImage = condition === undefined && id === current.imageId;
    if (stillWanted && sameImage) continue;
    around.builder.add(
      devVolumeTarget(slot, mount.target),
      { kind: "volume.remove", name: mount.source },
      {
        reasons: of.reasons,
        after: [of.replaced],
        ...(condition && stillWanted ? { onlyIfImageIsNot: condition } : {}),
      },
    );
  }
}

/** A container that is right: started when it is not running, renamed, updated, waited for. */
function planContinuation(state: CurrentState, wish: SlotWish, around: SlotSurroundings): ActionId | undefined {
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
    return start(wish, { around, after: [], reasons: [{ code: "not-running", before: current.state }], ...known });
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
    return wait(wish, { around, after: restarted, known });
  }
  const waiting =
    wish.until === "healthy"
      ? current.health !== "healthy"
      : wish.until === "completed" || current.state === "restarting";
  if (!waiting) return undefined;
  return wait(wish, { around, after: undefined, known });
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
  return start(of.wish, { around, after: [stopped], reasons, id });
}

/** What of a replacement is about containers that share the old one's namespaces; nothing where there are none. */
function sharersIn(
  old: ObservedContainer,
  { project, containers }: SlotSurroundings,
): Pick<Operation<"container.replace">, "sharers"> {
  const sharers = sharersOf(old.id, containers).map((container) => {
    const service = project.services[slotOf(container)?.service ?? ""];
    return { id: container.id, timeoutSeconds: service ? stopSeconds(service) : 10 };
  });
  return sharers.length === 0 ? {} : { sharers };
}

/** Stops a container when it runs and removes it. */
export function removeContainer(
  container: ObservedContainer,
  of: {
    readonly around: { readonly builder: PlanBuilder };
    readonly slot: SlotRef;
    readonly reasons: readonly Reason[];
    readonly after?: readonly ActionId[];
  },
): ActionId {
  const target = slotTarget(of.slot);
  const { id, name } = container;
  const more = { reasons: of.reasons, qualifier: id.slice(0, 12) };
  const running = container.state === "running" || container.state === "restarting" || container.state === "paused";
  const stopped = running
    ? of.around.builder.add(
        target,
        { kind: "container.stop", id, name, timeoutSeconds: 10 },
        { ...more, after: of.after ?? [] },
      )
    : undefined;
  return of.around.builder.add(
    target,
    { kind: "container.remove", id, name, volumes: false },
    { ...more, after: [stopped, ...(of.after ?? [])] },
  );
}

function leftoverRemoval(slot: SlotRef, container: ObservedContainer): ActionId {
  return `container.remove ${slotTarget(slot)} ${container.id.slice(0, 12)}`;
}

/** A network can go only after the containers that may be on it. */
function orderNetworkRemovals(
  wish: SlotWish,
  of: { readonly builder: PlanBuilder; readonly after: readonly ActionId[] },
): void {
  for (const { remove } of wish.networks.values()) {
    if (remove !== undefined) for (const gone of of.after) of.builder.order(remove, gone);
  }
}

function movesToNewNetwork(state: SlotState, wish: SlotWish): boolean {
  const { current } = state;
  return (
    current !== undefined &&
    [...wish.networks.values()].some((network) => network.remove !== undefined && network.name in current.networks)
  );
}
