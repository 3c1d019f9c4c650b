/** What a service waits for before it starts. */
export interface Dependency {
  readonly service: string;
  readonly condition: "started" | "healthy" | "completed";
  readonly required: boolean;
  readonly restart: boolean;
}

/** A health check; every duration in milliseconds, undefined where the image's or the engine's default holds. */
export type Healthcheck =
  | { readonly kind: "disabled" }
  | {
      readonly kind: "probe";
      /** As the engine takes it: `["CMD", …]` or `["CMD-SHELL", text]`; undefined keeps the image's. */
      readonly test?: readonly string[];
      readonly interval?: number;
      readonly timeout?: number;
      readonly startPeriod?: number;
      readonly startInterval?: number;
      readonly retries?: number;
    };

/** How a service's readiness is found out from outside of its health check. */
export type ReadyProbe =
  /** A response of 200 to 399 on a port of the container. */
  | { readonly kind: "http"; readonly port: number; readonly path: string }
  /** A port of the container that takes connections. */
  | { readonly kind: "tcp"; readonly port: number }
  /** A line of its output, since its start, that a regular expression matches. */
  | { readonly kind: "log"; readonly pattern: string };
