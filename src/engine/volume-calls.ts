import type { ObservedVolume } from "../plan/observed.ts";
import type { ListFilter } from "./list-filter.ts";

export interface VolumeCalls {
  listVolumes(filter: ListFilter, signal: AbortSignal): Promise<readonly ObservedVolume[]>;
  /** Does nothing when a volume with this name and driver is there already. */
  createVolume(request: CreateVolume, signal: AbortSignal): Promise<void>;
  /** `status` 409 while a container uses it. */
  removeVolume(name: string, signal: AbortSignal): Promise<void>;
}

export interface CreateVolume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly driver?: string;
  readonly options?: Readonly<Record<string, string>>;
}
