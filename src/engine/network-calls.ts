import type { ObservedNetwork } from "../plan/observed.ts";
import type { ListFilter } from "./list-filter.ts";

export interface NetworkCalls {
  listNetworks(filter: ListFilter, signal: AbortSignal): Promise<readonly ObservedNetwork[]>;
  /** The new network's id. Refused where the name is taken, which engines before API 1.44 did not always see. */
  createNetwork(request: CreateNetwork, signal: AbortSignal): Promise<string>;
  /** Running containers on the network. */
  networkMembers(id: string, signal: AbortSignal): Promise<readonly { readonly id: string; readonly name: string }[]>;
  /** `status` 403 while containers are connected. */
  removeNetwork(id: string, signal: AbortSignal): Promise<void>;
  /** `endpoint` is the Engine API's EndpointConfig. */
  connectNetwork(id: string, member: NetworkMember, signal: AbortSignal): Promise<void>;
  disconnectNetwork(id: string, container: string, signal: AbortSignal): Promise<void>;
}

export interface CreateNetwork {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly driver?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly enableIPv6?: boolean;
  /** The Engine API's IPAM. */
  readonly ipam?: Readonly<Record<string, unknown>>;
}

export interface NetworkMember {
  readonly container: string;
  readonly endpoint?: Readonly<Record<string, unknown>>;
}
