import { DockError } from "../../error.ts";
import type { Operation } from "../../plan/operation.ts";
import { networkLabels } from "../../plan/networks.ts";
import type { Ipam } from "../../project/resource-model.ts";
import { canonicalJson } from "../../std/digest.ts";
import type { Execution } from "../execution.ts";

/** Makes a network of the project. */
export async function createNetwork(
  operation: Operation<"network.create">,
  { engine, project }: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  const network = project.networks[operation.network];
  if (!network) throw new Error(`no network ${operation.network}`);
  const labels = networkLabels(project, network);
  try {
    await engine.createNetwork(
      {
        name: operation.name,
        labels,
        options: network.driverOpts,
        internal: network.internal,
        attachable: network.attachable,
        enableIPv6: network.enableIpv6,
        ...(network.driver === undefined ? {} : { driver: network.driver }),
        ...(network.ipam === undefined ? {} : { ipam: ipamBody(network.ipam) }),
      },
      signal,
    );
  } catch (error) {
    if (!(error instanceof DockError) || error.status !== 409) throw error;
    // An interrupted run may have asked for it, and the engine has finished it only now.
    const [holder] = await engine.listNetworks({ names: [operation.name] }, signal);
    if (!holder || canonicalJson(holder.labels) !== canonicalJson(labels)) throw error;
  }
}

/** The Engine API's IPAM. */
function ipamBody({ driver = "default", ranges, options }: Ipam): Readonly<Record<string, unknown>> {
  const configs = ranges.map(({ subnet, ipRange, gateway, auxAddresses }) => ({
    ...(subnet === undefined ? {} : { Subnet: subnet }),
    ...(ipRange === undefined ? {} : { IPRange: ipRange }),
    ...(gateway === undefined ? {} : { Gateway: gateway }),
    AuxiliaryAddresses: auxAddresses,
  }));
  return { Driver: driver, Config: configs, Options: options };
}

/** Removes a network; one that is gone already counts as removed. */
export async function removeNetwork(
  operation: Operation<"network.remove">,
  { engine }: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  await engine.removeNetwork(operation.id, signal);
}

export async function connectNetwork(
  operation: Operation<"network.connect">,
  { engine }: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  await engine.connectNetwork(operation.network, { container: operation.container }, signal);
}

export async function disconnectNetwork(
  operation: Operation<"network.disconnect">,
  { engine }: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  await engine.disconnectNetwork(operation.network, operation.container, signal);
}
