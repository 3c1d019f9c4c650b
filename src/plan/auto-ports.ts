import type { Port } from "../project/connection-model.ts";
import type { Project } from "../project/model.ts";
import { compareText } from "../std/digest.ts";
import { chosenPorts, portKey } from "./chosen-ports.ts";
import { effectiveService, type Mode } from "./mode.ts";
import type { Observed } from "./observed.ts";
import { type SlotRef, slotTarget } from "./operation.ts";
import { slotOf } from "./slot-state.ts";

/** A published port of one container for which dock chooses the host port. */
export interface AutoPort {
  /** `service:web/1 127.0.0.1:3000/tcp`: stable over runs. */
  readonly key: string;
  readonly port: Port;
  /** The one that a container of the slot has; it is kept. */
  readonly kept?: number;
  /** Whether that container runs, so that the port is its own. */
  readonly running: boolean;
}

/** Every port of these services for which dock chooses the host port. */
export function autoPorts(
  project: Project,
  observed: Observed,
  of: { readonly services: readonly string[]; readonly mode: Mode },
): readonly AutoPort[] {
  return of.services.flatMap((key) => {
    const declared = project.services[key];
    if (!declared) return [];
    const service = effectiveService(declared, of.mode);
    const ports = service.ports.filter(({ auto }) => auto);
    if (ports.length === 0) return [];
    return Array.from({ length: service.scale }, (_, index) => ({ service: key, number: index + 1 })).flatMap((slot) =>
      ports.map((port) => autoPort(slot, port, observed)),
    );
  });
}

function autoPort(slot: SlotRef, port: Port, observed: Observed): AutoPort {
  const target = slotTarget(slot);
  const holders = observed.containers
    .filter((container) => {
      const own = slotOf(container);
      return own !== undefined && slotTarget(own) === target && chosenPorts(container)[portKey(port)] !== undefined;
    })
    .toSorted(
      (a, b) =>
        Number(b.state === "running") - Number(a.state === "running") ||
        b.created - a.created ||
        compareText(a.id, b.id),
    );
  const [holder] = holders;
  const kept = holder && chosenPorts(holder)[portKey(port)];
  return {
    key: `${target} ${portKey(port)}`,
    port,
    running: holder?.state === "running",
    ...(kept === undefined ? {} : { kept }),
  };
}

/** Host ports that a slot's container gets, by what they are for: the one it has unless a free one was looked for. */
export function slotPorts(
  slot: SlotRef,
  ports: readonly Port[],
  world: { readonly observed: Observed; readonly freePorts: Readonly<Record<string, number>> },
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    ports.flatMap((port) => {
      if (!port.auto) return [];
      const { key, kept } = autoPort(slot, port, world.observed);
      const chosen = world.freePorts[key] ?? kept;
      return chosen === undefined ? [] : [[portKey(port), chosen]];
    }),
  );
}
