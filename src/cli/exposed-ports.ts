import { slotTarget } from "../plan/operation.ts";
import type { World } from "./world.ts";

/** What a plan opens to other machines: ports that its new containers publish on more than this machine's own addresses. */
export function exposedPorts({ reconciled }: World): readonly string[] {
  const made = new Set(
    reconciled.plan.actions.flatMap(({ operation }) =>
      operation.kind === "container.create" || operation.kind === "container.replace"
        ? [slotTarget(operation.slot)]
        : [],
    ),
  );
  return reconciled.slots
    .filter(({ slot }) => made.has(slotTarget(slot)))
    .flatMap(({ slot, service }) =>
      service.ports
        .filter(({ hostIp }) => !/^(127\.|::1$)/.test(hostIp))
        .map(({ hostIp, hostPort, containerPort }) => {
          const place = hostPort === undefined ? `a port of ${hostIp}` : `port ${hostPort} of ${hostIp}`;
          return `service ${slot.service} publishes ${place} (its ${containerPort}), which other machines can reach`;
        }),
    );
}
