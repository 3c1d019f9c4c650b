import { isPortHeld, listeningProcess, nextFreePort } from "../gather/port-holders.ts";
import { holds, type NeededPort, neededPorts, portConflicts, type PortHolder } from "../plan/host-ports.ts";
import type { Conflict } from "../plan/plan-builder.ts";
import { ownerOf } from "../plan/resources.ts";
import type { Session } from "./session.ts";
import type { World } from "./world.ts";

/** Ports that the plan needs and somebody else holds: a container of another project, or a process of this machine. */
export async function heldPorts(session: Session, world: World): Promise<readonly Conflict[]> {
  const { reconciled, observed } = world;
  const needed = neededPorts(reconciled.plan, reconciled.slots, observed);
  if (needed.length === 0) return [];
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
  return portConflicts((await Promise.all(held)).flat());
}

async function suggestion(session: Session, world: World, port: NeededPort): Promise<{ readonly free?: number }> {
  if (world.observed.engine.remote) return {};
  session.signal.throwIfAborted();
  const free = await nextFreePort(port);
  return free === undefined ? {} : { free };
}
