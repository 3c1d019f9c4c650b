import type { DockError } from "../error.ts";
import type { Emit, WatchEvent } from "../event.ts";
import type { Inputs } from "../plan/inputs.ts";
import type { Project } from "../project/model.ts";
import type { Clock } from "../std/clock.ts";
import type { Contents, Transfer } from "./mirror.ts";

/** What a run of a plan did. */
export interface Applied {
  readonly inputs: Inputs;
  /** Number of actions that were carried out. */
  readonly actions: number;
}

/** What the watch loop has others do. What rejects does so with a `DockError`, or with the signal's reason. */
export interface Effects {
  readonly clock: Clock;
  readonly emit: Emit;
  /** Reads the project again. */
  reload(signal: AbortSignal): Promise<Project>;
  /** The files of the project, the services in play, and the images that they run with all that those are built from, as far as that can be read. Never rejects. */
  scope(project: Project): Promise<Scope>;
  /** Digests the inputs of the images in play as they are now. */
  gather(project: Project, signal: AbortSignal): Promise<Inputs>;
  /** Makes the engine match. A failure leaves the last good containers running. */
  converge(project: Project, signal: AbortSignal): Promise<Applied>;
  /** Images that are being built at this moment. */
  building(): ReadonlySet<string>;
  /** A service's containers, also those that don't run. */
  containers(service: string, signal: AbortSignal): Promise<readonly ServiceContainer[]>;
  /** What earlier syncs by the service's rules have left in a container. */
  contents(service: string, container: string, signal: AbortSignal): Promise<Contents>;
  /** Deletes and copies files in a container and has it remember what it holds then; one that does not run takes copies only. */
  transfer(container: ServiceContainer, what: Transferred, signal: AbortSignal): Promise<void>;
  restart(service: string, container: string, signal: AbortSignal): Promise<void>;
  signal(container: string, name: string, signal: AbortSignal): Promise<void>;
  /** Runs a command in a container; a command that fails is an error with its last output. */
  exec(container: string, command: readonly string[], signal: AbortSignal): Promise<void>;
  /** Tells of an action that failed, with all there is to say about the error. */
  failed(event: WatchAction, error: DockError): void;
}

/** A container of a service. */
export interface ServiceContainer {
  readonly id: string;
  readonly running: boolean;
}

/** A transfer and what the container holds after it. */
export interface Transferred extends Transfer {
  readonly contents: Contents;
}

/** An event about something that was done, or tried. */
export type WatchAction = Extract<WatchEvent, { readonly type: "watch-action" }>;

/** What of a project is in play. */
export interface Scope {
  /** Files that the project is read from: those of the last attempt, which may have failed. */
  readonly files: readonly string[];
  readonly services: readonly string[];
  readonly images: ReadonlySet<string>;
}

/** The same effects; `listener` is told of every action that has ended, before anybody else. */
export function heard(effects: Effects, listener: (event: WatchAction) => void): Effects {
  return {
    clock: effects.clock,
    reload: (signal) => effects.reload(signal),
    scope: (project) => effects.scope(project),
    gather: (project, signal) => effects.gather(project, signal),
    converge: (project, signal) => effects.converge(project, signal),
    building: () => effects.building(),
    containers: (service, signal) => effects.containers(service, signal),
    contents: (service, container, signal) => effects.contents(service, container, signal),
    transfer: (container, what, signal) => effects.transfer(container, what, signal),
    restart: (service, container, signal) => effects.restart(service, container, signal),
    signal: (container, name, signal) => effects.signal(container, name, signal),
    exec: (container, command, signal) => effects.exec(container, command, signal),
    emit: (event) => {
      if (event.type === "watch-action") listener(event);
      effects.emit(event);
    },
    failed: (event, error) => {
      listener(event);
      effects.failed(event, error);
    },
  };
}
