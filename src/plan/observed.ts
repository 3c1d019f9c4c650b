import type { CanonicalSpec } from "./spec-value.ts";

/**
 * What the engine has, as the planner sees it. The engine room fills these; nothing here is a wish.
 * Lists come in any order: the planner sorts.
 */
export interface Observed {
  readonly engine: ObservedEngine;
  /** Containers that carry this project's label, one-off ones excluded. */
  readonly containers: readonly ObservedContainer[];
  /** Networks that carry this project's label, or have a name that the project wants. */
  readonly networks: readonly ObservedNetwork[];
  /** Volumes that carry this project's label, or have a name that the project wants. */
  readonly volumes: readonly ObservedVolume[];
  /** Every tagged image, and untagged ones that an own container runs. */
  readonly images: readonly ObservedImage[];
  /** Containers without this project's label whose name the project wants. */
  readonly foreignContainers: readonly ForeignContainer[];
}

export interface ObservedEngine {
  /** Highest API version both sides speak, "1.51". */
  readonly apiVersion: string;
  /** The engine's own version, "28.5.2". Known, as the platform is, only where images are built for. */
  readonly version: string | undefined;
  /** "linux/amd64". */
  readonly platform: string | undefined;
  /** True when it runs on another machine, so that paths of this one mean nothing to it. */
  readonly remote: boolean;
}

export type ContainerState = "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";

export interface ObservedContainer {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly state: ContainerState;
  readonly health?: "starting" | "healthy" | "unhealthy";
  /** Of an exited container. */
  readonly exitCode?: number;
  /** Id of the image it was created from, `sha256:…`. */
  readonly imageId: string;
  /** Reference it was created from. */
  readonly imageRef: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly ObservedMount[];
  /** Network name → id, as the engine has connected it. */
  readonly networks: Readonly<Record<string, string>>;
  readonly ports: readonly ObservedPort[];
  /** From an inspection: there only for containers that differ from what is wanted. Environment as it is in the container. */
  readonly live?: ObservedLive;
  /**
   * The properties that change in place as dock last set or saw them, from this user's cache. Labels tell only what the
   * container was created with.
   */
  readonly settled?: CanonicalSpec;
}

/** What only an inspection tells. */
export interface ObservedLive {
  readonly environment: Readonly<Record<string, string>>;
  readonly restart: { readonly policy: string; readonly maxRetries: number };
  readonly limits: ObservedLimits;
}

/** Limits of a container; what is not there is not limited. */
export interface ObservedLimits {
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
}

export interface ObservedMount {
  readonly kind: "bind" | "volume" | "tmpfs" | "other";
  /** Volume name, or path on the engine's machine; empty for tmpfs. */
  readonly source: string;
  readonly target: string;
}

export interface ObservedPort {
  /** Undefined for a port that is only exposed. */
  readonly hostIp?: string;
  readonly hostPort?: number;
  readonly containerPort: number;
  readonly protocol: string;
}

export interface ObservedNetwork {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly driver: string;
  /** Running containers on it, whoever's; known only of networks that may have to go. */
  readonly members?: readonly { readonly id: string; readonly name: string }[];
}

export interface ObservedVolume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly driver: string;
}

export interface ObservedImage {
  readonly id: string;
  /** References with tag, as the engine spells them: `nginx:latest`, `registry.local:5000/a/b:c`. */
  readonly tags: readonly string[];
  /** `name@sha256:…`. */
  readonly digests: readonly string[];
  /** Seconds since the epoch of the last tagging; known only where the planner has to choose which input tags to keep. */
  readonly lastTagged?: number;
  /** From an inspection, only of base images that a dev digest needs to know about. */
  readonly config?: ObservedImageConfig;
}

export interface ObservedImageConfig {
  readonly workingDir: string;
  readonly volumes: readonly string[];
  readonly onBuild: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface ForeignContainer {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}
