import type { DeviceRequest } from "../project/limits-model.ts";
import type { ContainerBody, DeviceRequestBody } from "./container-body.ts";
import { list, map, row, type Row } from "./row.ts";
import type { SpecValue } from "./spec-value.ts";

/** What a container may use up, and the devices it gets. */
export const RESOURCE_ROWS: Readonly<Record<string, Row<SpecValue>>> = {
  "resources.cpus": row<number>(
    ({ service }) => positive(service.resources.cpus),
    (body, value) => void (body.HostConfig.NanoCpus = Math.round(value * 1e9)),
    { inPlace: { live: ({ limits }) => limits.cpus } },
  ),
  "resources.cpuset": row<string>(
    ({ service }) => service.resources.cpuset,
    (body, value) => void (body.HostConfig.CpusetCpus = value),
    { inPlace: { live: ({ limits }) => limits.cpuset } },
  ),
  "resources.cpu_shares": row<number>(
    ({ service }) => positive(service.resources.cpuShares),
    (body, value) => void (body.HostConfig.CpuShares = value),
    { inPlace: { live: ({ limits }) => limits.cpuShares } },
  ),
  "resources.memory": row<number>(
    ({ service }) => positive(service.resources.memory),
    (body, value) => {
      body.HostConfig.Memory = value;
      // What the engine takes for a new container; for one that runs it has to be said.
      body.HostConfig.MemorySwap = defaultSwap(value);
    },
    { inPlace: { live: ({ limits }) => limits.memory } },
  ),
  "resources.memory_reservation": row<number>(
    ({ service }) => positive(service.resources.memoryReservation),
    (body, value) => void (body.HostConfig.MemoryReservation = value),
    { inPlace: { live: ({ limits }) => limits.memoryReservation } },
  ),
  // After memory, which writes the default.
  "resources.memory_swap": row<number>(
    ({ service: { resources } }) =>
      resources.memorySwap === defaultSwap(resources.memory ?? 0) ? undefined : resources.memorySwap,
    (body, value) => void (body.HostConfig.MemorySwap = value),
    {
      inPlace: {
        // -1 is also what an engine without an account of swap has in place of any limit.
        live: ({ limits: { memory, memorySwap } }) =>
          memorySwap === -1 || memorySwap === defaultSwap(memory ?? 0) ? undefined : memorySwap,
      },
    },
  ),
  "resources.pids": row<number>(
    ({ service }) => positive(service.resources.pids),
    (body, value) => void (body.HostConfig.PidsLimit = value),
    {
      inPlace: {
        live: ({ limits }) => limits.pids,
        clear: (body) => void (body.HostConfig.PidsLimit = -1),
      },
    },
  ),
  "resources.devices": row<readonly DeviceRequestSpec[]>(
    ({ service }) => requestSpecs(service.resources.devices),
    (body, value) => addRequests(body, value),
  ),
  gpus: row<readonly DeviceRequestSpec[]>(
    ({ service }) => requestSpecs(service.gpus),
    (body, value) => addRequests(body, value),
  ),
  devices: row<readonly string[]>(
    ({ service }) => list(service.devices.map(({ host, container, access }) => `${host}:${container}:${access}`)),
    (body, value) =>
      void (body.HostConfig.Devices = value.map((text) => {
        const [PathOnHost = "", PathInContainer = "", CgroupPermissions = ""] = text.split(":");
        return { PathOnHost, PathInContainer, CgroupPermissions };
      })),
  ),
  device_cgroup_rules: row<readonly string[]>(
    ({ service }) => list(service.deviceCgroupRules),
    (body, value) => void (body.HostConfig.DeviceCgroupRules = value),
  ),
  shm_size: row<number>(
    ({ service }) => service.shmSize,
    (body, value) => void (body.HostConfig.ShmSize = value),
  ),
  ulimits: row<Readonly<Record<string, string>>>(
    ({ service }) =>
      map(Object.fromEntries(service.ulimits.map((limit) => [limit.name, `${limit.soft}:${limit.hard}`]))),
    (body, value) =>
      void (body.HostConfig.Ulimits = Object.entries(value).map(([Name, text]) => {
        const [soft, hard] = text.split(":");
        return { Name, Soft: Number(soft), Hard: Number(hard) };
      })),
  ),
  oom_score_adj: row<number>(
    ({ service }) => (service.oomScoreAdj === 0 ? undefined : service.oomScoreAdj),
    (body, value) => void (body.HostConfig.OomScoreAdj = value),
  ),
  storage_opt: row<Readonly<Record<string, string>>>(
    ({ service }) => map(service.storageOpt),
    (body, value) => void (body.HostConfig.StorageOpt = value),
  ),
};

/** To the engine 0 and less mean no limit, which is what absence means here. */
function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

/** Memory and swap together where only memory is limited. */
function defaultSwap(memory: number): number {
  return memory * 2;
}

type DeviceRequestSpec = {
  readonly driver?: string;
  readonly count?: number;
  readonly ids?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly options?: Readonly<Record<string, string>>;
} & { readonly [key: string]: SpecValue };

function requestSpecs(requests: readonly DeviceRequest[]): readonly DeviceRequestSpec[] | undefined {
  return list(requests as readonly DeviceRequestSpec[]);
}

function addRequests(body: ContainerBody, requests: readonly DeviceRequestSpec[]): void {
  const added = requests.map(({ driver, count, ids, capabilities, options }): DeviceRequestBody => ({
    Driver: driver ?? "",
    ...(count === undefined ? {} : { Count: count }),
    ...(ids === undefined ? {} : { DeviceIDs: ids }),
    // Any one of the inner lists will do; all of a list's members are needed.
    ...(capabilities === undefined ? {} : { Capabilities: [capabilities] }),
    ...(options === undefined ? {} : { Options: options }),
  }));
  body.HostConfig.DeviceRequests = [...(body.HostConfig.DeviceRequests ?? []), ...added];
}
