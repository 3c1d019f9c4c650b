import type { Duplex } from "node:stream";
import type { ArchiveCalls } from "./archive-calls.ts";
import type { ContainerCalls } from "./container-calls.ts";
import type { EngineEvent, EventFilter } from "./event-calls.ts";
import type { ImageCalls } from "./image-calls.ts";
import type { NetworkCalls } from "./network-calls.ts";
import type { AttachCalls, ExecCalls } from "./process-calls.ts";
import type { UsageCalls } from "./usage-calls.ts";
import type { VolumeCalls } from "./volume-calls.ts";

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
  /** Where the engine keeps images, which decides what its builder can do. */
  imageStore(signal: AbortSignal): Promise<"containerd" | "classic">;
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
