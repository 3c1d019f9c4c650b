import type { Readable } from "node:stream";
import type { ContainerBody } from "../plan/container-body.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import type { ContainerDetail } from "./container-detail.ts";
import type { ListFilter } from "./list-filter.ts";
import type { LogRecord } from "./log-records.ts";
import type { OutputLine } from "./streams.ts";

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
