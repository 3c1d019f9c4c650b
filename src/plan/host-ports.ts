import type { Port } from "../project/connection-model.ts";
import type { Observed, ObservedContainer } from "./observed.ts";
import { slotTarget } from "./operation.ts";
import type { Plan } from "./plan.ts";
import type { Conflict } from "./plan-builder.ts";
import type { WantedSlot } from "./wanted.ts";

/** A host port that a plan is going to take. */
export interface NeededPort {
  readonly service: string;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly protocol: Port["protocol"];
}

/** Who has a port. */
export interface PortHolder extends NeededPort {
  /** "container db-1 (dock project shop)", "process nginx (pid 4711)". */
  readonly holder: string;
  /** The next port that nobody has, as far as was looked. */
  readonly free?: number;
}

/** Host ports that containers which a plan starts will bind and that no container of the project holds by now. */
export function neededPorts(plan: Plan, slots: readonly WantedSlot[], observed: Observed): readonly NeededPort[] {
  const starting = new Set(
    plan.actions.flatMap(({ operation }) =>
      operation.kind === "container.start" || operation.kind === "container.replace"
        ? [slotTarget(operation.slot)]
        : [],
    ),
  );
  const own = observed.containers.filter(({ state }) => state === "running");
  return slots
    .filter(({ slot }) => starting.has(slotTarget(slot)))
    .flatMap(({ slot, service }) =>
      service.ports.flatMap(({ hostIp, hostPort, protocol }) =>
        hostPort === undefined || own.some((container) => holds(container, { hostIp, hostPort, protocol }))
          ? []
          : [{ service: slot.service, hostIp, hostPort, protocol }],
      ),
    );
}

/** True when a container publishes that port on that address, or on one of them all. */
export function holds(
  container: ObservedContainer,
  wanted: { readonly hostIp: string; readonly hostPort: number; readonly protocol: string },
): boolean {
  return container.ports.some(
    (port) =>
      port.hostPort === wanted.hostPort &&
      port.protocol === wanted.protocol &&
      addressesMeet(port.hostIp ?? "0.0.0.0", wanted.hostIp),
  );
}

/** Held ports as what keeps a plan from being carried out. */
export function portConflicts(held: readonly PortHolder[]): readonly Conflict[] {
  return held.map(({ service, hostIp, hostPort, holder, free }) => ({
    kind: "port-held",
    name: String(hostPort),
    message: `service ${service} publishes port ${hostPort} of ${hostIp}, which ${holder} holds`,
    hint:
      free === undefined
        ? "stop what holds it, or publish another port"
        : `stop what holds it, or publish another port: ${free} is free`,
  }));
}

function addressesMeet(a: string, b: string): boolean {
  const any = new Set(["0.0.0.0", "::", ""]);
  return a === b || any.has(a) || any.has(b);
}
