import type { Readable, Duplex } from "node:stream";
import type { ContainerBody } from "../plan/container-body.ts";
import type { ObservedContainer, ObservedImage, ObservedNetwork, ObservedVolume } from "../plan/observed.ts";
import type { ContainerDetail } from "./container-detail.ts";
import type { Credentials } from "./auth.ts";
import type { LogRecord } from "./log-records.ts";
import type { OutputLine } from "./streams.ts";

/**
 * A Docker engine in dock's words. Every call settles: it gives its answer, or rejects with a `DockError` (`status`
 * is the HTTP status of a refusal), or with the signal's reason. What a removal finds gone, and a start or stop finds
 * done, counts as done.
 */
export interface Engine
  extends
    AsyncDisposable,
    ContainerCalls,
    AttachCalls,
    ArchiveCalls,
    UsageCalls,
    NetworkCalls,
    VolumeCalls,
    ImageCalls,
    ExecCalls {
  /** Who the engine is; asked for once, before any other call. */
  greeting(signal: AbortSignal): Promise<EngineGreeting>;
  /** More about the engine; asked for once. */
  info(signal: AbortSignal): Promise<EngineInfo>;
  /** What happens on the engine from now on, until the signal aborts or the connection ends. */
  events(filter: EventFilter, signal: AbortSignal): AsyncIterable<EngineEvent>;
  /**
   * A connection of one's own after `POST path` and the answer 101. `path` comes without the version; `headers` must
   * name the protocol in `Upgrade`. An engine that answers otherwise is a `DockError` with its status.
   */
  hijack(path: string, headers: HijackHeaders, signal: AbortSignal): Promise<Duplex>;
  /** Breaks off whatever is under way. */
  close(): Promise<void>;
}

/** Headers of a connection that changes its protocol; a list becomes one header line per item. */
export type HijackHeaders = Readonly<Record<string, string | string[]>>;

/** What an engine tells as soon as it is greeted. */
export interface EngineGreeting {
  /** Highest API version both sides speak, "1.51". */
  readonly apiVersion: string;
  /** True when it runs on another machine, as far as its address tells. */
  readonly remote: boolean;
  readonly product: "docker" | "podman";
  /** Whether the engine is expected to have BuildKit. */
  readonly buildkit: boolean;
}

/** What it takes an engine 10 ms and more to tell, because it asks other programs. */
export interface EngineInfo extends EngineGreeting {
  /** The engine's own version, "28.5.2". */
  readonly version: string;
  /** "linux/amd64". */
  readonly platform: string;
}

/** Server-side filters of lists: all must hold. */
export interface ListFilter {
  /** `key` or `key=value`. */
  readonly labels?: readonly string[];
  /** Exact names, any of them. */
  readonly names?: readonly string[];
  /** Host ports as `8080/tcp`, any of them: for containers only. */
  readonly publishing?: readonly string[];
}

export interface ContainerCalls {
  /** Stopped ones too. */
  listContainers(filter: ListFilter, signal: AbortSignal): Promise<readonly ObservedContainer[]>;
  /** By id or name; `status` 404 when there is none. */
  inspectContainer(id: string, signal: AbortSignal): Promise<ContainerDetail>;
  /** The new container's id. */
  createContainer(request: CreateContainer, signal: AbortSignal): Promise<string>;
  startContainer(id: string, signal: AbortSignal): Promise<void>;
  /** Kills it when it has not stopped after `seconds`. */
  stopContainer(id: string, seconds: number, signal: AbortSignal): Promise<void>;
  restartContainer(id: string, seconds: number, signal: AbortSignal): Promise<void>;
  unpauseContainer(id: string, signal: AbortSignal): Promise<void>;
  /** `name` of a signal, as "SIGHUP". */
  killContainer(id: string, name: string, signal: AbortSignal): Promise<void>;
  /** By force; `volumes` takes its anonymous volumes with it. Waits for a removal that is under way. */
  removeContainer(id: string, options: { readonly volumes: boolean }, signal: AbortSignal): Promise<void>;
  renameContainer(id: string, name: string, signal: AbortSignal): Promise<void>;
  /** Limits and restart policy in the Engine API's form. */
  updateContainer(id: string, update: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void>;
  /** Waits as long as the signal allows. */
  waitContainer(id: string, until: WaitCondition, signal: AbortSignal): Promise<ContainerExit>;
  /** Lines of a container's output; ends when there are no more, with `follow` when the container has stopped. */
  containerLogs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<OutputLine>;
  /** The same with the time of each line, which `timestamps` is not asked for; whoever lost the connection can go on from there. */
  containerRecords(id: string, options: Omit<LogOptions, "timestamps">, signal: AbortSignal): AsyncIterable<LogRecord>;
  /** Unpacks a tar into a directory of the container. */
  putArchive(id: string, archive: Archive, signal: AbortSignal): Promise<void>;
}

export interface CreateContainer {
  readonly name: string;
  readonly body: ContainerBody;
  /** "linux/arm64". */
  readonly platform?: string;
}

export type WaitCondition = "not-running" | "next-exit" | "removed";

export interface ContainerExit {
  readonly exitCode: number;
  /** The engine's own trouble with the container, not the process's. */
  readonly error?: string;
}

export interface LogOptions {
  readonly follow: boolean;
  /** Number of last lines; undefined is all. */
  readonly tail?: number;
  /** Seconds since the epoch, or RFC 3339. */
  readonly since?: string;
  readonly until?: string;
  /** Each line begins with its time and a space. */
  readonly timestamps: boolean;
  /** Whether the container has a terminal, in which case there is no stderr. */
  readonly tty: boolean;
}

export interface Archive {
  /** Directory in the container; it must exist. */
  readonly path: string;
  readonly tar: Readable;
  /** Give the files the owner that the archive names instead of the container's user. */
  readonly copyUidGid: boolean;
}

export interface AttachCalls {
  /**
   * A connection to the streams of the container's own process, also before its start. Without a terminal the output is
   * multiplexed; its end is no proof of the process's.
   */
  attachContainer(id: string, options: { readonly stdin: boolean }, signal: AbortSignal): Promise<Duplex>;
  /**
   * The end of the container's process, asked for before its start: with `removed` once the engine has also removed the
   * container. `opened` is told when the engine watches.
   */
  watchExit(
    id: string,
    options: { readonly removed: boolean; readonly opened: () => void },
    signal: AbortSignal,
  ): Promise<ContainerExit>;
  resizeContainer(id: string, size: TerminalSize, signal: AbortSignal): Promise<void>;
}

export interface ArchiveCalls {
  /** What a path in the container is; undefined when there is nothing, or no such container. */
  statPath(id: string, path: string, signal: AbortSignal): Promise<PathStat | undefined>;
  /** A tar of the path; its entries begin with the path's last name. A link is packed as a link. */
  getArchive(id: string, path: string, signal: AbortSignal): AsyncIterable<Buffer>;
}

export interface PathStat {
  readonly name: string;
  readonly kind: "file" | "directory" | "link";
  /** Where a link leads, from the container's root; empty for others. */
  readonly linkTarget: string;
}

export interface UsageCalls {
  /** The processes of a running container, as the engine's machine numbers them. */
  containerTop(id: string, signal: AbortSignal): Promise<ProcessList>;
  /** One measurement; rates are differences of two. */
  containerUsage(id: string, signal: AbortSignal): Promise<UsageSample>;
}

export interface ProcessList {
  readonly titles: readonly string[];
  /** One row a process, cells as `titles` names them. */
  readonly processes: readonly (readonly string[])[];
}

/** Sizes are in bytes; 0 where the engine's machine does not count. */
export interface UsageSample {
  /** Milliseconds since the epoch. */
  readonly readAt: number;
  /** Processor time since the start, of all processors together. */
  readonly cpuNanoseconds: number;
  readonly memory: number;
  readonly memoryLimit: number;
  readonly networkReceived: number;
  readonly networkSent: number;
  readonly blockRead: number;
  readonly blockWritten: number;
  readonly processes: number;
}

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

export interface ImageCalls {
  /** All images but intermediate ones. */
  listImages(signal: AbortSignal): Promise<readonly ObservedImage[]>;
  /** By id or reference; undefined when the engine has none. */
  inspectImage(ref: string, signal: AbortSignal): Promise<ImageDetail | undefined>;
  /** Newest step first. */
  imageHistory(ref: string, signal: AbortSignal): Promise<readonly HistoryStep[]>;
  /** `ref` has a tag; it is moved when it is in use. */
  tagImage(image: string, ref: string, signal: AbortSignal): Promise<void>;
  /** Removes one reference, and the image when it was the last. `status` 409 while a container needs it. */
  removeImage(ref: string, signal: AbortSignal): Promise<void>;
  /** Returns when the engine has the image. */
  pullImage(ref: string, options: PullOptions, signal: AbortSignal): Promise<void>;
}

export interface ImageDetail extends ObservedImage {
  /** Seconds since the epoch; undefined where it is not known. */
  readonly lastTagged?: number;
  readonly config: NonNullable<ObservedImage["config"]>;
  /** "linux/amd64". */
  readonly platform: string;
  /** Bytes. */
  readonly size: number;
  readonly user: string;
  readonly exposedPorts: readonly string[];
  readonly healthcheck: boolean;
}

export interface HistoryStep {
  /** Undefined for a step whose image is not kept on the engine. */
  readonly id?: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly createdBy: string;
  /** Bytes. */
  readonly size: number;
  readonly tags: readonly string[];
  readonly comment: string;
}

export interface PullOptions {
  readonly platform?: string;
  /** For the registry of the reference, and sent to no other. */
  readonly credentials?: Credentials;
  readonly onProgress: (progress: PullProgress) => void;
}

export interface PullProgress {
  /** Short id of a layer; empty for the image as a whole. */
  readonly layer: string;
  readonly status: string;
  /** Bytes, where the engine tells. */
  readonly current?: number;
  readonly total?: number;
}

export interface ExecCalls {
  /** The new process's id; it does not run yet. */
  execCreate(container: string, request: ExecRequest, signal: AbortSignal): Promise<string>;
  /** Starts it and connects to it. Without a terminal the output is multiplexed; its end is no proof of the process's. */
  execStart(exec: string, options: { readonly tty: boolean }, signal: AbortSignal): Promise<Duplex>;
  /** Starts it with nobody listening. */
  execStartDetached(exec: string, options: { readonly tty: boolean }, signal: AbortSignal): Promise<void>;
  execInspect(exec: string, signal: AbortSignal): Promise<ExecState>;
  execResize(exec: string, size: TerminalSize, signal: AbortSignal): Promise<void>;
}

export interface ExecRequest {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDir?: string;
  readonly tty: boolean;
  /** Whether the process gets an input. */
  readonly stdin: boolean;
  readonly privileged?: boolean;
}

export interface ExecState {
  readonly running: boolean;
  /** Undefined until it has ended. */
  readonly exitCode?: number;
  /** As the engine's machine numbers it; undefined while it has none. */
  readonly pid?: number;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

export interface EventFilter {
  /** `container`, `network`, … */
  readonly types: readonly string[];
  /** `key` or `key=value`. */
  readonly labels: readonly string[];
  /** Told when the engine listens: what changes after this is in the events, so that a state can be read without a gap. */
  readonly opened?: () => void;
  /** Seconds since the epoch: what happened from then on comes first. */
  readonly since?: string;
  /** Seconds since the epoch: the events end then. */
  readonly until?: string;
}

export interface EngineEvent {
  readonly type: string;
  /** `start`, `die`, `health_status: healthy`, … */
  readonly action: string;
  readonly id: string;
  /** Labels and what else the engine tells of the object. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly time: number;
}
