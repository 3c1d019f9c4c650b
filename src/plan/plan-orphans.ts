import { compareText } from "../std/digest.ts";
import { LABEL } from "./labels.ts";
import { type ActionId, actionId } from "./plan.ts";
import type { Reason } from "./reason.ts";
import { type Scope, isOrphan, isSelected } from "./reconcile-scope.ts";
import { removeContainer } from "./remove-container.ts";
import { isOwn } from "./resources.ts";
import { slotOf } from "./slot-state.ts";

/**
 * Containers of the project that no slot wants: removed services, lower scale; and dev volumes that nothing mounts any
 * more. With services selected, only theirs.
 */
export function planOrphans(scope: Scope): void {
  const gone = new Map<string, ActionId>();
  for (const container of scope.observed.containers.toSorted((a, b) => compareText(a.id, b.id))) {
    if (!isOrphan(container, scope)) continue;
    const slot = slotOf(container);
    const known = slot !== undefined && slot.service in scope.project.services;
    const reasons: readonly Reason[] = [{ code: known ? "scaled-down" : "orphan", path: container.name }];
    gone.set(
      container.id,
      removeContainer(container, { around: scope, slot: slot ?? { service: container.name, number: 1 }, reasons }),
    );
  }
  const removals = new Set(
    scope.builder.actions().flatMap(({ operation }) => (operation.kind === "volume.remove" ? [operation.name] : [])),
  );
  for (const volume of scope.observed.volumes.toSorted((a, b) => compareText(a.name, b.name))) {
    const path = volume.labels[LABEL.devTarget];
    if (path === undefined || !isOwn(scope.project, volume) || removals.has(volume.name)) continue;
    if (!isSelected(volume.labels[LABEL.service] ?? "", scope.request)) continue;
    const users = scope.observed.containers.filter((container) =>
      container.mounts.some((mount) => mount.source === volume.name),
    );
    if (users.some((container) => !gone.has(container.id))) continue;
    const target = `volume:${volume.labels[LABEL.service]}/${volume.labels[LABEL.number]}:${path}`;
    const removal = scope.builder.add(
      target,
      { kind: "volume.remove", name: volume.name },
      {
        reasons: [{ code: "orphan" }],
        after: users.map((container) => gone.get(container.id)),
        qualifier: volume.name,
      },
    );
    // One that nothing uses may be half filled: it goes before one of the same name is made.
    scope.builder.order(actionId("volume.create", target), removal);
  }
}
