import { chosenPorts } from "./chosen-ports.ts";
import { planHandovers } from "./handover.ts";
import { holds } from "./host-ports.ts";
import { LABEL } from "./labels.ts";
import type { ObservedContainer } from "./observed.ts";
import { slotTarget } from "./operation.ts";
import { type Action, type ActionId, actionId } from "./plan.ts";
import type { Conflict } from "./plan-builder.ts";
import type { Scope } from "./reconcile-scope.ts";
import { slotOf } from "./slot-state.ts";
import { parseSpec } from "./spec-difference.ts";
import type { WantedSlot } from "./wanted.ts";

/**
 * A host port that a container gives up in this plan is taken over only afterwards. Where containers take each other's
 * ports, or one takes the port of what waits for it, they are handed over at once.
 */
export function freePortsFirst(scope: Scope): void {
  const { builder } = scope;
  const publishes = scope.slots.some(({ service }) => service.ports.length > 0);
  const holders = holdersByPort(publishes ? scope.observed.containers : []);
  const circles: { readonly taker: ActionId; readonly freed: ActionId }[] = [];
  for (const wanted of scope.slots) {
    const target = slotTarget(wanted.slot);
    const takers = [actionId("container.start", target), actionId("container.replace", target)].filter((id) =>
      builder.has(id),
    );
    const ports = wanted.service.ports.map((port) => `${port.hostPort ?? ""}/${port.protocol}`);
    for (const holder of new Set(ports.flatMap((port) => holders.get(port) ?? []))) {
      const held = slotOf(holder);
      if (!held || slotTarget(held) === target) continue;
      const freeing = builder.actions().filter((action) => frees(action, holder));
      if (freeing.length === 0 && takers.length > 0) builder.conflicts.push(...keptPorts(wanted, holder));
      const pairs = freeing.flatMap(({ id: freed }) => takers.map((taker) => ({ taker, freed })));
      circles.push(...pairs.filter(({ taker, freed }) => !builder.order(taker, freed)));
    }
  }
  planHandovers(scope, circles);
}

/** The ports that a container has and keeps: this plan is not about it. */
function keptPorts({ service, slot }: WantedSlot, holder: ObservedContainer): readonly Conflict[] {
  if (holder.state !== "running") return [];
  const keeper = slotOf(holder)?.service ?? holder.name;
  return service.ports.flatMap(({ hostIp, hostPort, protocol }): readonly Conflict[] => {
    if (hostPort === undefined || !holds(holder, { hostIp, hostPort, protocol })) return [];
    return [
      {
        kind: "port-held",
        name: String(hostPort),
        message: `service ${slot.service} publishes port ${hostPort} of ${hostIp}, which container ${holder.name} holds`,
        hint: `bring up everything, with service ${keeper}, so that it gives the port up`,
      },
    ];
  });
}

/** Who has or had a host port, as far as the engine and labels tell: of a stopped container only its labels do. */
function holdersByPort(containers: readonly ObservedContainer[]): ReadonlyMap<string, readonly ObservedContainer[]> {
  const holders = new Map<string, ObservedContainer[]>();
  for (const container of containers) {
    const live = container.ports.flatMap(({ hostPort, protocol }) =>
      hostPort === undefined ? [] : [`${hostPort}/${protocol}`],
    );
    for (const port of new Set([...live, ...labelledPorts(container)])) {
      holders.set(port, [...(holders.get(port) ?? []), container]);
    }
  }
  return holders;
}

/** The host ports that a container was made to publish, `8080/tcp`. */
function labelledPorts(container: ObservedContainer): readonly string[] {
  const declared = parseSpec(container.labels[LABEL.spec])?.["ports"];
  const fixed = (Array.isArray(declared) ? declared : []).flatMap((port) => {
    const [, hostPort, protocol] = /:(\d+):\d+\/(\w+)$/.exec(String(port)) ?? [];
    return hostPort === undefined ? [] : [`${hostPort}/${protocol}`];
  });
  const chosen = Object.entries(chosenPorts(container)).map(([key, port]) => `${port}/${key.split("/").at(-1)}`);
  return [...fixed, ...chosen];
}

function frees(action: Action, holder: ObservedContainer): boolean {
  const { operation } = action;
  return (operation.kind === "container.stop" || operation.kind === "container.replace") && operation.id === holder.id;
}
