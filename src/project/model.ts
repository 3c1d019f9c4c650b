import type { Location } from "../diagnostic.ts";

/** A project file, resolved: short forms spelled out, defaults filled in, paths absolute, references checked. Plain data. */
export interface Project {
  readonly name: string;
  /** Absolute path of the project file. */
  readonly file: string;
  /** Absolute path of the directory that the file's relative paths start from. */
  readonly directory: string;
  readonly images: Readonly<Record<string, Image>>;
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, Network>>;
  readonly volumes: Readonly<Record<string, Volume>>;
  readonly secrets: Readonly<Record<string, GrantedFile>>;
  readonly configs: Readonly<Record<string, GrantedFile>>;
  /** Keys of services and images by group; groups within groups are spelled out. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Profiles that were asked for; `*` is every one. */
  readonly profiles: readonly string[];
  /** Files that were read to make this project: the project file, `.env` (also where absent, so that its coming is seen). */
  readonly files: readonly string[];
}

/** Where a build's files come from. */
export type BuildContext =
  /** A directory of this machine, absolute. */
  | { readonly kind: "directory"; readonly path: string }
  /** A git or http URL that the builder fetches itself. */
  | { readonly kind: "url"; readonly url: string };

/** What a named context stands for. */
export type NamedContext =
  | BuildContext
  /** Another image of this project. */
  | { readonly kind: "image"; readonly key: string }
  /** An image reference that the builder resolves. */
  | { readonly kind: "reference"; readonly ref: string };

/** Where a Dockerfile's text stands. */
export type DockerfileSource =
  /** Path relative to the context for a directory or URL context; absolute when it lies outside the context directory. */
  { readonly kind: "file"; readonly path: string } | { readonly kind: "inline"; readonly text: string };

/** One entry of `images`. */
export interface Image {
  readonly key: string;
  readonly context: BuildContext;
  readonly dockerfile: DockerfileSource;
  readonly target?: string;
  /** Values for the Dockerfile's ARGs; one that is to keep the Dockerfile's default is not here. */
  readonly args: Readonly<Record<string, string>>;
  /** Never empty: `<project>-<key>:latest` unless declared. Fully spelled with a tag. */
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** At most one for now. */
  readonly platforms: readonly string[];
  readonly contexts: Readonly<Record<string, NamedContext>>;
  readonly noCache: boolean;
  readonly noCacheFilter: readonly string[];
  readonly pull: boolean;
  readonly network?: string;
  /** `host:address` pairs, as `docker build --add-host` takes them. */
  readonly extraHosts: readonly string[];
  /** Bytes. */
  readonly shmSize?: number;
  readonly ulimits: readonly Ulimit[];
  readonly at: Location;
}

export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** What a service's containers run. */
export type ServiceImage =
  /** An image of this project. */
  | { readonly kind: "built"; readonly key: string }
  /** Any other image reference, with its tag or digest spelled out. */
  | { readonly kind: "external"; readonly ref: string };

/** One published port. Ranges are spelled out. */
export interface Port {
  /** Address of this machine that is bound; 127.0.0.1 unless the file names one. */
  readonly hostIp: string;
  /** Undefined: the engine takes a free one at each start, or dock one that is kept. */
  readonly hostPort?: number;
  /** There where dock chooses a free host port, which the container keeps. */
  readonly auto?: true;
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp" | "sctp";
}

/** One mount of a container. */
export type Mount =
  | {
      readonly kind: "bind";
      /** Absolute path on this machine. */
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly propagation?: "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave";
      /** SELinux label for the source: `z` shared, `Z` private. */
      readonly selinux?: "z" | "Z";
      readonly createHostPath: boolean;
      readonly at: Location;
    }
  /** `volume` is a key of the project's volumes. */
  | {
      readonly kind: "volume";
      readonly volume: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly noCopy: boolean;
      readonly subpath?: string;
    }
  | { readonly kind: "anonymous"; readonly target: string; readonly readOnly: boolean; readonly noCopy: boolean }
  | {
      readonly kind: "tmpfs";
      readonly target: string;
      readonly readOnly: boolean;
      /** Bytes. */
      readonly size?: number;
      /** Permission bits. */
      readonly mode?: number;
    };

/** A file that services are given: one entry of `secrets` or `configs`. */
export interface GrantedFile {
  readonly key: string;
  readonly content: FileContent;
  readonly at: Location;
}

/** Where the content of a granted file comes from. */
export type FileContent =
  /** `path` is absolute. */
  | { readonly kind: "file"; readonly path: string; readonly at: Location }
  | { readonly kind: "variable"; readonly name: string; readonly text: string }
  | { readonly kind: "text"; readonly text: string };

/** A file as a service is given it. */
export interface FileGrant {
  /** A key of the project's secrets or configs. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  readonly at: Location;
}

/** What a service waits for before it starts. */
export interface Dependency {
  readonly service: string;
  readonly condition: "started" | "healthy" | "completed";
  readonly required: boolean;
  readonly restart: boolean;
}

/** A health check; every duration in milliseconds, undefined where the image's or the engine's default holds. */
export type Healthcheck =
  | { readonly kind: "disabled" }
  | {
      readonly kind: "probe";
      /** As the engine takes it: `["CMD", …]` or `["CMD-SHELL", text]`; undefined keeps the image's. */
      readonly test?: readonly string[];
      readonly interval?: number;
      readonly timeout?: number;
      readonly startPeriod?: number;
      readonly startInterval?: number;
      readonly retries?: number;
    };

/** How a service takes part in a network. */
export interface NetworkAttachment {
  /** A key of the project's networks. */
  readonly network: string;
  readonly aliases: readonly string[];
  readonly ipv4Address?: string;
  readonly ipv6Address?: string;
  readonly linkLocalIps: readonly string[];
  readonly macAddress?: string;
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly priority: number;
  /** The network with the highest gives the default route. */
  readonly gatewayPriority?: number;
}

/** A device of the machine in a container. */
export interface DeviceMapping {
  readonly host: string;
  readonly container: string;
  /** Some of `rwm`. */
  readonly access: string;
}

/** Devices that a driver of the engine gives. */
export interface DeviceRequest {
  readonly driver?: string;
  /** -1 is all; undefined where `ids` say which. */
  readonly count?: number;
  readonly ids?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly options?: Readonly<Record<string, string>>;
}

/** What a container may use up; undefined: no limit of its own. */
export interface Resources {
  readonly cpus?: number;
  readonly cpuset?: string;
  readonly cpuShares?: number;
  /** Bytes. */
  readonly memory?: number;
  /** Bytes. */
  readonly memoryReservation?: number;
  /** Bytes of memory and swap together; -1 is unlimited. */
  readonly memorySwap?: number;
  readonly pids?: number;
  readonly devices: readonly DeviceRequest[];
}

export interface EnvFile {
  /** Absolute. */
  readonly path: string;
  readonly required: boolean;
  /** `raw` takes values as they stand. */
  readonly format: "env" | "raw";
  readonly at: Location;
}

/** One explicit rule of `dev.watch`. */
export interface WatchRule {
  /** Absolute file or directory that the rule is about. */
  readonly path: string;
  readonly action: "sync" | "restart" | "sync+restart" | "rebuild" | "exec" | "none";
  /** Place in the container; there for `sync` and `sync+restart`. */
  readonly target?: string;
  /** Patterns relative to `path`; when there are any, only what one of them matches. */
  readonly include: readonly string[];
  /** Patterns relative to `path` that the rule leaves out. */
  readonly ignore: readonly string[];
  /** Command for `exec`. */
  readonly exec?: readonly string[];
  readonly at: Location;
}

/** What a change to bind-mounted source asks of the running container. */
export type Reload =
  | { readonly kind: "self" }
  | { readonly kind: "restart" }
  | { readonly kind: "signal"; readonly signal: string };

/** What dev mode changes about a service. */
export interface Dev {
  readonly mounts: readonly Mount[];
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly image?: ServiceImage;
  readonly ports: readonly Port[];
  readonly watch: readonly WatchRule[];
  readonly reload: Reload;
}

/** How a service's readiness is found out from outside of its health check. */
export type ReadyProbe =
  /** A response of 200 to 399 on a port of the container. */
  | { readonly kind: "http"; readonly port: number; readonly path: string }
  /** A port of the container that takes connections. */
  | { readonly kind: "tcp"; readonly port: number }
  /** A line of its output, since its start, that a regular expression matches. */
  | { readonly kind: "log"; readonly pattern: string };

/** One entry of `services`, without what dev mode adds. */
export interface Service {
  readonly key: string;
  readonly image: ServiceImage;
  /** Undefined: the image's. */
  readonly command?: readonly string[];
  /** Undefined: the image's; empty: none. */
  readonly entrypoint?: readonly string[];
  /** Wins over `envFiles`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Weakest first. */
  readonly envFiles: readonly EnvFile[];
  readonly ports: readonly Port[];
  /** Extra ports that the container exposes, `3000/tcp`. */
  readonly expose: readonly string[];
  readonly mounts: readonly Mount[];
  /** Empty when `networkMode` is there. */
  readonly networks: readonly NetworkAttachment[];
  /** `host`, `none`, `bridge`: no networks of the project then. */
  readonly networkMode?: string;
  readonly dependsOn: readonly Dependency[];
  readonly secrets: readonly FileGrant[];
  readonly configs: readonly FileGrant[];
  readonly healthcheck?: Healthcheck;
  readonly restart: { readonly policy: "no" | "always" | "on-failure" | "unless-stopped"; readonly maxRetries: number };
  readonly containerName?: string;
  readonly hostname?: string;
  readonly domainname?: string;
  /** `host` has been left as it stands: gather knows the caller's ids. */
  readonly user?: string;
  readonly workingDir?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly extraHosts: readonly string[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly privileged: boolean;
  readonly readOnly: boolean;
  /** Bytes. */
  readonly shmSize?: number;
  readonly ulimits: readonly Ulimit[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly securityOpt: readonly string[];
  readonly groupAdd: readonly string[];
  readonly resources: Resources;
  readonly devices: readonly DeviceMapping[];
  readonly gpus: readonly DeviceRequest[];
  readonly deviceCgroupRules: readonly string[];
  readonly pid?: string;
  readonly ipc?: string;
  readonly uts?: string;
  readonly usernsMode?: string;
  readonly cgroup?: "host" | "private";
  readonly cgroupParent?: string;
  readonly runtime?: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly oomScoreAdj?: number;
  readonly storageOpt: Readonly<Record<string, string>>;
  readonly macAddress?: string;
  readonly init?: boolean;
  readonly tty: boolean;
  readonly stdinOpen: boolean;
  readonly stopSignal?: string;
  /** Milliseconds; undefined: the engine's 10 s. */
  readonly stopGracePeriod?: number;
  readonly logging?: { readonly driver?: string; readonly options: Readonly<Record<string, string>> };
  readonly platform?: string;
  readonly pull: "missing" | "always" | "never";
  /** Number of containers. */
  readonly scale: number;
  /** Without one it is always meant; with some, when one of them was asked for. */
  readonly profiles: readonly string[];
  /** Whether `up` shows its logs. */
  readonly attach: boolean;
  /** Runs to completion, once for each change of its inputs. */
  readonly task: boolean;
  /** What tells that it can be used; undefined: its health check, or being alive. */
  readonly ready?: ReadyProbe;
  readonly dev?: Dev;
  readonly at: Location;
}

/** One entry of `networks`; `default` is there when a service uses it. */
export interface Network {
  readonly key: string;
  /** What the engine calls it. */
  readonly name: string;
  readonly external: boolean;
  readonly driver?: string;
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enableIpv6: boolean;
  /** Undefined: the engine gives it a range. */
  readonly ipam?: Ipam;
  readonly at: Location;
}

/** How a network gives out addresses. */
export interface Ipam {
  readonly driver?: string;
  readonly ranges: readonly AddressRange[];
  readonly options: Readonly<Record<string, string>>;
}

/** One range; subnets in CIDR form. */
export interface AddressRange {
  readonly subnet?: string;
  /** The part of the subnet that containers get. */
  readonly ipRange?: string;
  readonly gateway?: string;
  /** Addresses that are taken, by what takes them. */
  readonly auxAddresses: Readonly<Record<string, string>>;
}

/** One entry of `volumes`. */
export interface Volume {
  readonly key: string;
  readonly name: string;
  readonly external: boolean;
  readonly driver?: string;
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly at: Location;
}
