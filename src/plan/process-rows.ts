import type { Healthcheck } from "../project/readiness-model.ts";
import { flag, list, map, row, type Row } from "./row.ts";
import type { SpecValue } from "./spec-value.ts";

/** The process of a container: what it runs, as whom, with what around it, and when it counts as well. */
export const PROCESS_ROWS: Readonly<Record<string, Row<SpecValue>>> = {
  command: row<readonly string[]>(
    ({ service }) => service.command,
    (body, value) => void (body.Cmd = value),
  ),
  entrypoint: row<readonly string[]>(
    ({ service }) => service.entrypoint, // The engine takes a list with one empty string for "none".
    (body, value) => void (body.Entrypoint = value.length === 0 ? [""] : value),
  ),
  environment: row<Readonly<Record<string, string>>>(
    ({ environment }) => map(environment),
    (body, value) => void (body.Env = Object.entries(value).map(([name, text]) => `${name}=${text}`)),
  ),
  user: row<string>(
    ({ user }) => user,
    (body, value) => void (body.User = value),
  ),
  working_dir: row<string>(
    ({ service }) => service.workingDir,
    (body, value) => void (body.WorkingDir = value),
  ),
  labels: row<Readonly<Record<string, string>>>(
    ({ service }) => map(service.labels),
    (body, value) => void (body.Labels = { ...body.Labels, ...value }),
  ),
  tty: row<boolean>(
    ({ service }) => flag(service.tty),
    (body, value) => void (body.Tty = value),
  ),
  stdin_open: row<boolean>(
    ({ service }) => flag(service.stdinOpen),
    (body, value) => void (body.OpenStdin = value),
  ),
  init: row<boolean>(
    ({ service }) => service.init,
    (body, value) => void (body.HostConfig.Init = value),
  ),
  stop_signal: row<string>(
    ({ service }) => service.stopSignal,
    (body, value) => void (body.StopSignal = value),
  ),
  stop_grace_period: row<number>(
    ({ service }) => service.stopGracePeriod,
    (body, value) => void (body.StopTimeout = Math.ceil(value / 1000)),
  ),
  healthcheck: row<HealthSpec>(
    ({ service }) => (service.healthcheck ? healthSpec(service.healthcheck) : undefined),
    (body, value) =>
      void (body.Healthcheck = {
        ...(value.test === undefined ? {} : { Test: value.test }),
        ...(value.interval === undefined ? {} : { Interval: nanoseconds(value.interval) }),
        ...(value.timeout === undefined ? {} : { Timeout: nanoseconds(value.timeout) }),
        ...(value.startPeriod === undefined ? {} : { StartPeriod: nanoseconds(value.startPeriod) }),
        ...(value.startInterval === undefined ? {} : { StartInterval: nanoseconds(value.startInterval) }),
        ...(value.retries === undefined ? {} : { Retries: value.retries }),
      }),
  ),
  restart: row<string>(
    ({ service }) => restartText(service.restart),
    (body, value) => {
      const [Name = "no", retries = "0"] = value.split(":");
      body.HostConfig.RestartPolicy = { Name, MaximumRetryCount: Number(retries) };
    },
    { inPlace: { live: ({ restart }) => restartText({ ...restart, policy: restart.policy || "no" }) } },
  ),
  logging: row<{ readonly driver: string; readonly options: Readonly<Record<string, string>> }>(
    ({ service }) => service.logging && { driver: service.logging.driver ?? "", options: service.logging.options },
    (body, value) => void (body.HostConfig.LogConfig = { Type: value.driver, Config: value.options }),
  ),
  platform: row<string>(
    ({ service }) => service.platform,
    () => undefined, // A parameter of the call, not part of its body.
  ),
  runtime: row<string>(
    ({ service }) => service.runtime,
    (body, value) => void (body.HostConfig.Runtime = value),
  ),
  annotations: row<Readonly<Record<string, string>>>(
    ({ service }) => map(service.annotations),
    (body, value) => void (body.HostConfig.Annotations = value),
    { needs: () => ({ api: "1.43", release: "24", what: "annotations" }) },
  ),
  group_add: row<readonly string[]>(
    ({ service }) => list(service.groupAdd),
    (body, value) => void (body.HostConfig.GroupAdd = value),
  ),
};

/** `on-failure:3`, `always`. */
function restartText(restart: { readonly policy: string; readonly maxRetries: number }): string {
  return restart.maxRetries > 0 ? `${restart.policy}:${restart.maxRetries}` : restart.policy;
}

type HealthSpec = {
  readonly test?: readonly string[];
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
} & { readonly [key: string]: SpecValue };

function healthSpec(healthcheck: Healthcheck): HealthSpec {
  if (healthcheck.kind === "disabled") return { test: ["NONE"] } as HealthSpec;
  const { kind: _, ...probe } = healthcheck;
  return probe as HealthSpec;
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6);
}
