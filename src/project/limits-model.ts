/** One resource limit of processes; -1 is unlimited. */
export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
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
