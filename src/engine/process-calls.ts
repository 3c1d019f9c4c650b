import type { Duplex } from "node:stream";
import type { ContainerExit } from "./container-calls.ts";

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
