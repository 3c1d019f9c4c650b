import type { Mount, Port } from "../project/connection-model.ts";
import type { Service } from "../project/service-model.ts";

/** Whether the services' `dev` sections are applied. */
export type Mode = "dev" | "plain";

/** A service as it is run in a mode; `devMounts` are those that `dev` brought. */
export interface EffectiveService extends Service {
  readonly devMounts: readonly Mount[];
}

/** Applies a service's `dev` section in dev mode: mounts and ports are added (a mount on a target replaces the one there), the rest is replaced. */
export function effectiveService(service: Service, mode: Mode): EffectiveService {
  const { dev } = service;
  if (mode === "plain" || dev === undefined) return { ...service, devMounts: [] };
  const targets = new Set(dev.mounts.map((mount) => mount.target));
  return {
    ...service,
    image: dev.image ?? service.image,
    ...(dev.command === undefined ? {} : { command: dev.command }),
    environment: { ...service.environment, ...dev.environment },
    ports: addPorts(service.ports, dev.ports),
    mounts: service.mounts.filter((mount) => !targets.has(mount.target)),
    devMounts: dev.mounts,
  };
}

/** All mounts of a container, what `dev` brought last. */
export function allMounts(service: EffectiveService): readonly Mount[] {
  return [...service.mounts, ...service.devMounts];
}

function portEnd({ containerPort, protocol }: Port): string {
  return `${containerPort}/${protocol}`;
}

function addPorts(ports: readonly Port[], added: readonly Port[]): readonly Port[] {
  const key = (port: Port): string =>
    [
      port.hostIp,
      port.auto ? "auto" : port.hostPort,
      port.hostRange?.first,
      port.hostRange?.last,
      portEnd(port),
    ].join();
  const present = new Set(ports.map(key));
  return [...ports, ...added.filter((port) => !present.has(key(port)))];
}
