/** What `POST /containers/create` takes, as far as dock sets it (Engine API 1.41). */
export interface ContainerBody {
  Image: string;
  Cmd?: readonly string[];
  Entrypoint?: readonly string[];
  Env: readonly string[];
  Labels: Readonly<Record<string, string>>;
  ExposedPorts: Readonly<Record<string, object>>;
  Hostname?: string;
  Domainname?: string;
  User?: string;
  WorkingDir?: string;
  Tty: boolean;
  OpenStdin: boolean;
  /** The input ends with the first one that is attached. */
  StdinOnce?: boolean;
  StopSignal?: string;
  MacAddress?: string;
  /** Seconds. */
  StopTimeout?: number;
  Healthcheck?: HealthBody;
  HostConfig: HostConfigBody;
  NetworkingConfig: { EndpointsConfig: Readonly<Record<string, EndpointBody>> };
}

/** Durations in nanoseconds; 0 and absence inherit. */
export interface HealthBody {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

export interface HostConfigBody {
  /** The engine removes the container, and its anonymous volumes, when it ends. */
  AutoRemove?: boolean;
  Mounts: readonly MountBody[];
  /** `source:target:options`; for what the long form has no word for. */
  Binds?: readonly string[];
  Tmpfs?: Readonly<Record<string, string>>;
  PortBindings: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[]>>;
  RestartPolicy: { Name: string; MaximumRetryCount: number };
  NetworkMode?: string;
  ExtraHosts?: readonly string[];
  Dns?: readonly string[];
  DnsSearch?: readonly string[];
  DnsOptions?: readonly string[];
  CapAdd?: readonly string[];
  CapDrop?: readonly string[];
  Privileged?: boolean;
  ReadonlyRootfs?: boolean;
  ShmSize?: number;
  Ulimits?: readonly { Name: string; Soft: number; Hard: number }[];
  Sysctls?: Readonly<Record<string, string>>;
  SecurityOpt?: readonly string[];
  GroupAdd?: readonly string[];
  Init?: boolean;
  LogConfig?: { Type: string; Config: Readonly<Record<string, string>> };
  Runtime?: string;
  Annotations?: Readonly<Record<string, string>>;
  PidMode?: string;
  IpcMode?: string;
  UTSMode?: string;
  UsernsMode?: string;
  CgroupnsMode?: string;
  CgroupParent?: string;
  /** Billionths of a CPU. */
  NanoCpus?: number;
  CpusetCpus?: string;
  CpuShares?: number;
  /** Bytes. */
  Memory?: number;
  MemoryReservation?: number;
  /** Memory and swap together; -1 is unlimited. */
  MemorySwap?: number;
  /** -1 is unlimited. */
  PidsLimit?: number;
  OomScoreAdj?: number;
  StorageOpt?: Readonly<Record<string, string>>;
  Devices?: readonly { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[];
  DeviceRequests?: readonly DeviceRequestBody[];
  DeviceCgroupRules?: readonly string[];
}

export interface DeviceRequestBody {
  readonly Driver: string;
  /** -1 is all. */
  readonly Count?: number;
  readonly DeviceIDs?: readonly string[];
  readonly Capabilities?: readonly (readonly string[])[];
  readonly Options?: Readonly<Record<string, string>>;
}

export interface MountBody {
  readonly Type: "bind" | "volume" | "tmpfs" | "image";
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly BindOptions?: { readonly Propagation?: string; readonly CreateMountpoint?: boolean };
  readonly VolumeOptions?: {
    readonly NoCopy?: boolean;
    readonly Subpath?: string;
    /** Of the volume, where the engine has to make it. */
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly ImageOptions?: { readonly Subpath?: string };
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
}

export interface EndpointBody {
  readonly Aliases?: readonly string[];
  readonly IPAMConfig?: {
    readonly IPv4Address?: string;
    readonly IPv6Address?: string;
    readonly LinkLocalIPs?: readonly string[];
  };
  readonly MacAddress?: string;
  readonly DriverOpts?: Readonly<Record<string, string>>;
  readonly GwPriority?: number;
}

/** A body that asks for nothing beyond an image. */
export function emptyBody(image: string): ContainerBody {
  return {
    Image: image,
    Env: [],
    Labels: {},
    ExposedPorts: {},
    Tty: false,
    OpenStdin: false,
    HostConfig: { Mounts: [], PortBindings: {}, RestartPolicy: { Name: "no", MaximumRetryCount: 0 } },
    NetworkingConfig: { EndpointsConfig: {} },
  };
}
