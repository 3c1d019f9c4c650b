import type { ContainerDetail } from "../engine/container-detail.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import type { LogsLook } from "./log-printer.ts";
import type { ContainerChoice } from "./service-containers.ts";

/** What of the containers' output is shown. */
export interface LogsRequest extends LogsLook {
  /** Those that are there. */
  readonly containers: readonly ObservedContainer[];
  /** Which ones are followed on when they come: replacements, more of a service. */
  readonly choice: ContainerChoice;
  /** Ids of containers that were there and are followed only once they start. */
  readonly passedOver?: ReadonlySet<string>;
  readonly follow: boolean;
  /** Where a container's output begins; an empty answer is its first line. */
  readonly from: (container: ObservedContainer, detail: ContainerDetail) => LogsStart;
  /** Seconds since the epoch. */
  readonly until?: string;
}

/** The beginning of what is shown of a container. */
export interface LogsStart {
  /** Last lines of what is there already. */
  readonly tail?: number;
  /** Seconds since the epoch. */
  readonly since?: string;
}

/** A followed container that has stopped. */
export interface EndedContainer {
  readonly container: ObservedContainer;
  readonly exitCode: number;
}

/** The Engine API's form of an RFC 3339 time, to the nanosecond. */
export function epochSeconds(time: string): string {
  const fraction = /\.(\d+)Z$/.exec(time)?.[1] ?? "0";
  return `${Math.floor(Date.parse(time) / 1000)}.${fraction.padEnd(9, "0")}`;
}
