import type { Healthcheck, Mount } from "../project/model.ts";
import { compareText, keyedDigest } from "../std/digest.ts";
import type { ContainerBody, MountBody } from "./container-body.ts";
import { allMounts, type EffectiveService } from "./mode.ts";

/** What the rows read: one container of a service with everything resolved but the id of its image. */
export interface ContainerWish {
  readonly service: EffectiveService;
  /** `env_file`s, `environment` and dev's, merged. */
  readonly environment: Readonly<Record<string, string>>;
  /** `uid:gid` or a name; undefined: the image's. */
  readonly user?: string;
  /** Network key → name on the engine. */
  readonly networkNames: Readonly<Record<string, string>>;
  /** Volume key → name on the engine. */
  readonly volumeNames: Readonly<Record<string, string>>;
  /** Names under which other containers of a network find it: always the service and the container's final name. */
  readonly aliases: readonly string[];
}

/** A JSON value of the canonical spec. */
export type SpecValue = string | number | boolean | readonly SpecValue[] | { readonly [key: string]: SpecValue };

/** Properties of a container, by the name they have in the file; what is not there is the engine's or the image's default. */
export type CanonicalSpec = Readonly<Record<string, SpecValue>>;

/** One property of a container: how it stands in the canonical spec and how it reaches the engine. */
interface Row<T extends SpecValue> {
  /** Undefined leaves the property to the image or the engine. */
  readonly read: (wish: ContainerWish) => T | undefined;
  readonly write: (body: ContainerBody, value: T) => void;
  /** What a difference asks for. */
  readonly change: "replace" | "update";
}

const row = <T extends SpecValue>(
  read: Row<T>["read"],
  write: Row<T>["write"],
  change: Row<T>["change"] = "replace",
): Row<SpecValue> => ({ read, write: (body, value) => write(body, value as T), change });

const list = (values: readonly string[]): readonly string[] | undefined => (values.length > 0 ? values : undefined);
const map = (values: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined =>
  Object.keys(values).length > 0 ? values : undefined;
const flag = (value: boolean): true | undefined => (value ? true : undefined);

/** The table: adding an attribute is adding a row. Mounts of dev volumes and carried ones are added where the container is created. */
const ROWS = {
  command: row(
    ({ service }) => service.command,
    (body, value) => void (body.Cmd = value),
  ),
  entrypoint: row(
    ({ service }) => service.entrypoint, // The engine takes a list with one empty string for "none".
    (body, value) => void (body.Entrypoint = value.length === 0 ? [""] : value),
  ),
  environment: row(
    ({ environment }) => map(environment),
    (body, value) => void (body.Env = Object.entries(value).map(([name, text]) => `${name}=${text}`)),
  ),
  ports: row(
    ({ service }) =>
      list(
        service.ports
          .map((port) => `${port.hostIp}:${port.hostPort ?? ""}:${port.containerPort}/${port.protocol}`)
          .sort(compareText),
      ),
    (body, value) => {
      const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
      for (const port of value) {
        const [, HostIp = "", HostPort = "", target = ""] = /^(.*):(\d*):(\d+\/\w+)$/.exec(port) ?? [];
        (bindings[target] ??= []).push({ HostIp, HostPort });
      }
      body.HostConfig.PortBindings = bindings;
      body.ExposedPorts = {
        ...body.ExposedPorts,
        ...Object.fromEntries(Object.keys(bindings).map((port) => [port, {}])),
      };
    },
  ),
  expose: row(
    ({ service }) => list(service.expose.toSorted(compareText)),
    (body, value) => {
      body.ExposedPorts = { ...body.ExposedPorts, ...Object.fromEntries(value.map((port) => [port, {}])) };
    },
  ),
  mounts: row(
    (wish) => {
      const mounts = allMounts(wish.service).filter((mount) => mount.kind !== "anonymous" || !isDevMount(wish, mount));
      return mounts.length > 0 ? mountSpecs(wish, mounts) : undefined;
    },
    (body, value) => void (body.HostConfig.Mounts = Object.values(value).map((mount) => mountBody(mount))),
  ),
  devVolumes: row(
    (wish) => list(devTargets(wish.service)),
    () => undefined,
  ),
  networks: row(
    ({ service, networkNames, aliases }) => {
      if (service.networks.length === 0) return undefined;
      return Object.fromEntries(
        service.networks.map((attachment) => [
          networkNames[attachment.network] ?? attachment.network,
          {
            aliases: [...new Set([...aliases, ...attachment.aliases])],
            ...(attachment.ipv4Address === undefined ? {} : { ipv4Address: attachment.ipv4Address }),
            ...(attachment.ipv6Address === undefined ? {} : { ipv6Address: attachment.ipv6Address }),
            priority: attachment.priority,
          },
        ]),
      );
    },
    (body, value) => {
      // By priority, then name: the first one gives the container its gateway.
      const ordered = Object.entries(value).sort(([a, x], [b, y]) => y.priority - x.priority || compareText(a, b));
      body.HostConfig.NetworkMode = ordered[0]?.[0] ?? "none";
      body.NetworkingConfig = {
        EndpointsConfig: Object.fromEntries(
          ordered.map(([name, endpoint]) => [
            name,
            {
              Aliases: endpoint.aliases,
              IPAMConfig: {
                ...(endpoint.ipv4Address === undefined ? {} : { IPv4Address: endpoint.ipv4Address }),
                ...(endpoint.ipv6Address === undefined ? {} : { IPv6Address: endpoint.ipv6Address }),
              },
            },
          ]),
        ),
      };
    },
  ),
  network_mode: row(
    ({ service }) => service.networkMode,
    (body, value) => void (body.HostConfig.NetworkMode = value),
  ),
  healthcheck: row(
    ({ service }) => (service.healthcheck ? healthSpec(service.healthcheck) : undefined),
    (body, value) =>
      void (body.Healthcheck = {
        ...(value.test === undefined ? {} : { Test: value.test }),
        ...(value.interval === undefined ? {} : { Interval: nanoseconds(value.interval) }),
        ...(value.timeout === undefined ? {} : { Timeout: nanoseconds(value.timeout) }),
        ...(value.startPeriod === undefined ? {} : { StartPeriod: nanoseconds(value.startPeriod) }),
        ...(value.startInterval === undefined ? {} : { StartInterval: nanoseconds(value.startInterval) }),
        ...(value.retries === undefined ? {} : { Retries: value.retries }),
      }),
  ),
  restart: row(
    ({ service }) => restartText(service.restart),
    (body, value) => {
      const [Name = "no", retries = "0"] = value.split(":");
      body.HostConfig.RestartPolicy = { Name, MaximumRetryCount: Number(retries) };
    },
    "update",
  ),
  user: row(
    ({ user }) => user,
    (body, value) => void (body.User = value),
  ),
  working_dir: row(
    ({ service }) => service.workingDir,
    (body, value) => void (body.WorkingDir = value),
  ),
  labels: row(
    ({ service }) => map(service.labels),
    (body, value) => void (body.Labels = { ...body.Labels, ...value }),
  ),
  hostname: row(
    ({ service }) => service.hostname,
    (body, value) => void (body.Hostname = value),
  ),
  domainname: row(
    ({ service }) => service.domainname,
    (body, value) => void (body.Domainname = value),
  ),
  extra_hosts: row(
    ({ service }) => list(service.extraHosts),
    (body, value) => void (body.HostConfig.ExtraHosts = value),
  ),
  dns: row(
    ({ service }) => list(service.dns),
    (body, value) => void (body.HostConfig.Dns = value),
  ),
  dns_search: row(
    ({ service }) => list(service.dnsSearch),
    (body, value) => void (body.HostConfig.DnsSearch = value),
  ),
  dns_opt: row(
    ({ service }) => list(service.dnsOptions),
    (body, value) => void (body.HostConfig.DnsOptions = value),
  ),
  cap_add: row(
    ({ service }) => list(service.capAdd),
    (body, value) => void (body.HostConfig.CapAdd = value),
  ),
  cap_drop: row(
    ({ service }) => list(service.capDrop),
    (body, value) => void (body.HostConfig.CapDrop = value),
  ),
  privileged: row(
    ({ service }) => flag(service.privileged),
    (body, value) => void (body.HostConfig.Privileged = value),
  ),
  read_only: row(
    ({ service }) => flag(service.readOnly),
    (body, value) => void (body.HostConfig.ReadonlyRootfs = value),
  ),
  shm_size: row(
    ({ service }) => service.shmSize,
    (body, value) => void (body.HostConfig.ShmSize = value),
  ),
  ulimits: row(
    ({ service }) =>
      map(Object.fromEntries(service.ulimits.map((limit) => [limit.name, `${limit.soft}:${limit.hard}`]))),
    (body, value) =>
      void (body.HostConfig.Ulimits = Object.entries(value).map(([Name, text]) => {
        const [soft, hard] = text.split(":");
        return { Name, Soft: Number(soft), Hard: Number(hard) };
      })),
  ),
  sysctls: row(
    ({ service }) => map(service.sysctls),
    (body, value) => void (body.HostConfig.Sysctls = value),
  ),
  security_opt: row(
    ({ service }) => list(service.securityOpt),
    (body, value) => void (body.HostConfig.SecurityOpt = value),
  ),
  group_add: row(
    ({ service }) => list(service.groupAdd),
    (body, value) => void (body.HostConfig.GroupAdd = value),
  ),
  init: row(
    ({ service }) => service.init,
    (body, value) => void (body.HostConfig.Init = value),
  ),
  tty: row(
    ({ service }) => flag(service.tty),
    (body, value) => void (body.Tty = value),
  ),
  stdin_open: row(
    ({ service }) => flag(service.stdinOpen),
    (body, value) => void (body.OpenStdin = value),
  ),
  stop_signal: row(
    ({ service }) => service.stopSignal,
    (body, value) => void (body.StopSignal = value),
  ),
  stop_grace_period: row(
    ({ service }) => service.stopGracePeriod,
    (body, value) => void (body.StopTimeout = Math.ceil(value / 1000)),
  ),
  logging: row(
    ({ service }) => service.logging && { driver: service.logging.driver ?? "", options: service.logging.options },
    (body, value) => void (body.HostConfig.LogConfig = { Type: value.driver, Config: value.options }),
  ),
  platform: row(
    ({ service }) => service.platform,
    () => undefined,
  ),
} as const satisfies Readonly<Record<string, Row<SpecValue>>>;

/** The container's properties as they are; environment values stand in clear, so this must not leave the process. */
export function canonicalSpec(wish: ContainerWish): CanonicalSpec {
  return Object.fromEntries(
    Object.entries(ROWS).flatMap(([name, { read }]) => {
      const value = read(wish);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The same with environment values as hashes under `salt`: what the spec label holds. */
export function concealedSpec(spec: CanonicalSpec, salt: string): CanonicalSpec {
  const environment = spec["environment"] as Readonly<Record<string, string>> | undefined;
  if (environment === undefined) return spec;
  const hashed = Object.entries(environment).map(([name, value]) => [name, concealedValue(salt, value)] as const);
  return { ...spec, environment: Object.fromEntries(hashed) };
}

/** A value as it stands in labels. */
export function concealedValue(salt: string, value: string): string {
  return `hash:${keyedDigest(salt, value).slice(0, 16)}`;
}

/** The part of a spec whose difference needs a new container. */
export function replacingPart(spec: CanonicalSpec): CanonicalSpec {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => changeOf(name) === "replace"));
}

/** What a difference in a property asks for; properties of another version of dock ask for a new container. */
export function changeOf(name: string): "replace" | "update" {
  return name in ROWS ? ROWS[name as keyof typeof ROWS].change : "replace";
}

/** Writes every property into a create body. */
export function writeSpec(spec: CanonicalSpec, body: ContainerBody): void {
  for (const [name, { write }] of Object.entries(ROWS)) {
    const value = spec[name];
    if (value !== undefined) write(body, value);
  }
}

/** Container paths of the anonymous volumes that `dev.mounts` declares. */
export function devTargets(service: EffectiveService): readonly string[] {
  return service.devMounts.flatMap((mount) => (mount.kind === "anonymous" ? [mount.target] : [])).sort(compareText);
}

/** `on-failure:3`, `always`. */
export function restartText(restart: { readonly policy: string; readonly maxRetries: number }): string {
  return restart.maxRetries > 0 ? `${restart.policy}:${restart.maxRetries}` : restart.policy;
}

function isDevMount(wish: ContainerWish, mount: Mount): boolean {
  return wish.service.devMounts.includes(mount);
}

/** Members of a mount in the canonical spec; which are there depends on its type. */
type MountSpec = Readonly<Record<string, string | number | boolean>>;

/** Mounts by target; absent members are defaults. */
function mountSpecs(wish: ContainerWish, mounts: readonly Mount[]): Readonly<Record<string, MountSpec>> {
  return Object.fromEntries(
    mounts.toSorted((a, b) => compareText(a.target, b.target)).map((mount) => [mount.target, mountSpec(wish, mount)]),
  );
}

function mountSpec(wish: ContainerWish, mount: Mount): MountSpec {
  const common = { type: mount.kind, target: mount.target, ...(mount.readOnly ? { readOnly: true } : {}) };
  switch (mount.kind) {
    case "bind":
      return {
        ...common,
        source: mount.source,
        ...(mount.propagation === undefined ? {} : { propagation: mount.propagation }),
      };
    case "volume":
      return {
        ...common,
        source: wish.volumeNames[mount.volume] ?? mount.volume,
        ...(mount.noCopy ? { noCopy: true } : {}),
        ...(mount.subpath === undefined ? {} : { subpath: mount.subpath }),
      };
    case "anonymous":
      return { ...common, ...(mount.noCopy ? { noCopy: true } : {}) };
    case "tmpfs":
      return {
        ...common,
        ...(mount.size === undefined ? {} : { size: mount.size }),
        ...(mount.mode === undefined ? {} : { mode: mount.mode }),
      };
  }
}

function mountBody(mount: MountSpec): MountBody {
  const common = { Target: String(mount["target"]), ReadOnly: mount["readOnly"] === true };
  const source = mount["source"] === undefined ? {} : { Source: String(mount["source"]) };
  switch (mount["type"]) {
    case "bind":
      return {
        ...common,
        ...source,
        Type: "bind",
        BindOptions: mount["propagation"] === undefined ? {} : { Propagation: String(mount["propagation"]) },
      };
    case "tmpfs":
      return {
        ...common,
        Type: "tmpfs",
        TmpfsOptions: {
          ...(mount["size"] === undefined ? {} : { SizeBytes: Number(mount["size"]) }),
          ...(mount["mode"] === undefined ? {} : { Mode: Number(mount["mode"]) }),
        },
      };
    default:
      return {
        ...common,
        ...source,
        Type: "volume",
        VolumeOptions: {
          ...(mount["noCopy"] === true ? { NoCopy: true } : {}),
          ...(mount["subpath"] === undefined ? {} : { Subpath: String(mount["subpath"]) }),
        },
      };
  }
}

type HealthSpec = {
  readonly test?: readonly string[];
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
};

function healthSpec(healthcheck: Healthcheck): HealthSpec & { readonly [key: string]: SpecValue } {
  if (healthcheck.kind === "disabled") return { test: ["NONE"] };
  const { kind: _, ...probe } = healthcheck;
  return probe as HealthSpec & { readonly [key: string]: SpecValue };
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6);
}
