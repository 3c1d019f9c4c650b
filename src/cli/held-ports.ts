import { isPortHeld, listeningProcess, nextFreePort } from "../gather/port-holders.ts";
import { holds, type NeededPort, neededPorts, portConflicts, type PortHolder } from "../plan/host-ports.ts";
import type { Conflict } from "../plan/plan-builder.ts";
import { ownerOf } from "../plan/resources.ts";
import type { Session } from "./session.ts";
import type { World } from "./world.ts";

/** What of the ports that a plan needs is held by somebody else. */
export interface HeldPorts {
  readonly conflicts: readonly Conflict[];
  /** The engine itself listens for a container that it does not list yet: it is starting one, maybe for a run that was killed. */
  readonly unsettled: boolean;
}

/** The process with which an engine listens on a published port. */
const OF_ENGINE = /^process docker-proxy /;

/** Ports that the plan needs and somebody else holds: a container of another project, or a process of this machine. */
export async function heldPorts(session: Session, world: World): Promise<HeldPorts> {
  const { reconciled, observed } = world;
  const needed = neededPorts(reconciled.plan, reconciled.slots, observed);
  if (needed.length === 0) return { conflicts: [], unsettled: false };
  const own = new Set(observed.containers.map(({ id }) => id));
  const publishing = needed.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`);
  const all = await session.engine().listContainers({ publishing }, session.signal);
  const others = all.filter((container) => container.state === "running" && !own.has(container.id));
  const held = needed.map(async (port): Promise<readonly PortHolder[]> => {
    const container = others.find((other) => holds(other, port));
    if (container)
      return [
        {
          ...port,
          holder: `container ${container.name} of ${ownerOf(container)}`,
          ...(await suggestion(session, world, port)),
        },
      ];
    // Another machine's processes can't be asked.
    if (observed.engine.remote || !(await isPortHeld(port))) return [];
    return [{ ...port, holder: await listeningProcess(port.hostPort), ...(await suggestion(session, world, port)) }];
  });
  const holders = (await Promise.all(held)).flat();
  return { conflicts: portConflicts(holders), unsettled: holders.some(({ holder }) => OF_ENGINE.test(holder)) };
}

async function suggestion(session: Session, world: World, port: NeededPort): Promise<{ readonly free?: number }> {
  if (world.observed.engine.remote) return {};
  session.signal.throwIfAborted();
  const free = await nextFreePort(port);
  return free === undefined ? {} : { free };
}
