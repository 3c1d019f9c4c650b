import type { Location } from "../diagnostic.ts";
import type { FileGrant, Mount, NetworkAttachment, Port } from "./connection-model.ts";
import type { Dev } from "./dev-model.ts";
import type { ServiceImage } from "./image-model.ts";
import type { DeviceMapping, DeviceRequest, Resources, Ulimit } from "./limits-model.ts";
import type { Dependency, Healthcheck, ReadyProbe } from "./readiness-model.ts";

export interface EnvFile {
  /** Absolute. */
  readonly path: string;
  readonly required: boolean;
  /** `raw` takes values as they stand. */
  readonly format: "env" | "raw";
  readonly at: Location;
}

/** A command that runs in a container at a point of its life. */
export interface Hook {
  readonly command: readonly string[];
  /** Undefined: the container's. */
  readonly user?: string;
  /** Besides the container's. */
  readonly environment: Readonly<Record<string, string>>;
  /** Undefined: the container's. */
  readonly workingDir?: string;
  readonly privileged: boolean;
}

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
  /** In the container after each start that dock makes, before it counts as ready. */
  readonly postStart: readonly Hook[];
  /** In the container before each stop that dock makes. */
  readonly preStop: readonly Hook[];
  readonly dev?: Dev;
  readonly at: Location;
}
