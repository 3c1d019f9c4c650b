export interface UsageCalls {
  /** The processes of a running container, as the engine's machine numbers them. */
  containerTop(id: string, signal: AbortSignal): Promise<ProcessList>;
  /** One measurement; rates are differences of two. */
  containerUsage(id: string, signal: AbortSignal): Promise<UsageSample>;
  /** What images take on the engine's disk. */
  imageUsage(signal: AbortSignal): Promise<ImageUsage>;
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

/** Sizes are in bytes. */
export interface ImageUsage {
  /** Of the layers of all images, each counted once. */
  readonly layers: number;
  /** By image id, of the layers that no other image has; an image of which the engine does not tell is left out. */
  readonly unshared: ReadonlyMap<string, number>;
}
