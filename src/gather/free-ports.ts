import type { AutoPort } from "../plan/auto-ports.ts";
import { sha256 } from "../std/digest.ts";
import { isPortHeld } from "./port-holders.ts";

/** Below the range from which systems take ports for outgoing connections. */
const FIRST = 20_000;
const COUNT = 12_000;
/** How many ports are tried for one. */
const TRIED = 500;

/** Where free ports are looked for. */
export interface PortSearch {
  /** Tells projects apart that publish the same. */
  readonly file: string;
  /** Host ports that containers publish or the file names. */
  readonly taken: ReadonlySet<number>;
  /** Another machine can't be tried. */
  readonly remote: boolean;
}

/**
 * A free host port for each that has none, and for one whose container does not run while somebody else has its port.
 * The search starts at a place that follows from the project and the port, so that the same one is found again.
 */
export async function findFreePorts(
  wanted: readonly AutoPort[],
  search: PortSearch,
): Promise<Readonly<Record<string, number>>> {
  const taken = new Set([...search.taken, ...wanted.flatMap(({ kept }) => kept ?? [])]);
  const found: Record<string, number> = {};
  for (const auto of wanted) {
    if (auto.kept !== undefined && (auto.running || !(await isHeld(auto, auto.kept, search)))) continue;
    const start = Number.parseInt(sha256(`${search.file}\n${auto.key}`).slice(0, 8), 16);
    for (let step = 0; step < TRIED; step += 1) {
      const hostPort = FIRST + ((start + step) % COUNT);
      if (taken.has(hostPort) || (await isHeld(auto, hostPort, search))) continue;
      taken.add(hostPort);
      found[auto.key] = hostPort;
      break;
    }
  }
  return found;
}

async function isHeld({ port, key }: AutoPort, hostPort: number, { remote }: PortSearch): Promise<boolean> {
  if (remote) return false;
  return isPortHeld({ service: key, hostIp: port.hostIp, hostPort, protocol: port.protocol });
}
