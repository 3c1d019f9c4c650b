import type { ContainerState, ObservedLimits, ObservedMount } from "../plan/observed.ts";
import { readMounts, readNetworks, readState } from "./container-list.ts";
import {
  asList,
  asNumber,
  asObject,
  asOptionalObject,
  asOptionalText,
  asText,
  asTextMap,
  asTexts,
  type JsonObject,
} from "./shape.ts";

/** What an inspection tells of a container. */
export interface ContainerDetail {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly state: ContainerState;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** The engine's own trouble with the container; empty when there was none. */
  readonly error: string;
  /** RFC 3339; "0001-01-01T00:00:00Z" when it has not happened. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly restartCount: number;
  /** Undefined without a health check. */
  readonly health?: HealthDetail;
  readonly imageId: string;
  /** Reference it was created from. */
  readonly imageRef: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** `policy` as the engine spells it: "no", "always", "unless-stopped", "on-failure". */
  readonly restart: { readonly policy: string; readonly maxRetries: number };
  readonly limits: ObservedLimits;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly mounts: readonly ObservedMount[];
  readonly networks: Readonly<Record<string, string>>;
  readonly ipAddresses: Readonly<Record<string, string>>;
  /** The Engine API's whole answer, for comparisons that this type does not foresee. */
  readonly raw: JsonObject;
}

/** State of a health check. */
export interface HealthDetail {
  readonly status: "starting" | "healthy" | "unhealthy";
  /** What the latest probe printed; empty before the first. */
  readonly lastOutput: string;
}

/** Reads `GET /containers/<id>/json`. */
export function readContainerDetail(value: unknown): ContainerDetail {
  const raw = asObject(value, "container");
  const state = asObject(raw["State"], "container.State");
  const config = asObject(raw["Config"], "container.Config");
  const health = readHealth(state["Health"]);
  return {
    id: asText(raw["Id"], "container.Id"),
    name: asText(raw["Name"], "container.Name").replace(/^\//, ""),
    state: readState(asText(state["Status"], "container.State.Status")),
    exitCode: asNumber(state["ExitCode"], "container.State.ExitCode"),
    oomKilled: state["OOMKilled"] === true,
    error: asOptionalText(state["Error"], "container.State.Error"),
    startedAt: asOptionalText(state["StartedAt"], "container.State.StartedAt"),
    finishedAt: asOptionalText(state["FinishedAt"], "container.State.FinishedAt"),
    restartCount: typeof raw["RestartCount"] === "number" ? raw["RestartCount"] : 0,
    ...(health === undefined ? {} : { health }),
    imageId: asText(raw["Image"], "container.Image"),
    imageRef: asText(config["Image"], "container.Config.Image"),
    labels: asTextMap(config["Labels"], "container.Config.Labels"),
    environment: readEnvironment(config["Env"]),
    restart: readRestart(raw["HostConfig"]),
    limits: readLimits(raw["HostConfig"]),
    tty: config["Tty"] === true,
    openStdin: config["OpenStdin"] === true,
    mounts: readMounts(raw["Mounts"]),
    networks: readNetworks(raw["NetworkSettings"]),
    ipAddresses: readAddresses(raw["NetworkSettings"]),
    raw,
  };
}

/** A list of `NAME=value`; a name without a value is left out, because the process does not get it. */
export function readEnvironment(value: unknown): Readonly<Record<string, string>> {
  const pairs = asTexts(value, "Env")
    .filter((line) => line.includes("="))
    .map((line): [string, string] => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
  return Object.fromEntries(pairs);
}

/** An empty name is how some engines write "no". */
function readRestart(hostConfig: unknown): ContainerDetail["restart"] {
  const policy = asOptionalObject(asOptionalObject(hostConfig, "HostConfig")["RestartPolicy"], "RestartPolicy");
  const retries = policy["MaximumRetryCount"];
  return {
    policy: asOptionalText(policy["Name"], "RestartPolicy.Name") || "no",
    maxRetries: typeof retries === "number" ? retries : 0,
  };
}

/** To the engine 0, an empty text and, but for swap, anything below 0 are no limit. */
function readLimits(hostConfig: unknown): ObservedLimits {
  const host = asOptionalObject(hostConfig, "HostConfig");
  const number = (key: string): number => (typeof host[key] === "number" ? host[key] : 0);
  const cpuset = asOptionalText(host["CpusetCpus"], "HostConfig.CpusetCpus");
  const memorySwap = number("MemorySwap");
  return {
    ...limit("cpus", number("NanoCpus") / 1e9),
    ...(cpuset === "" ? {} : { cpuset }),
    ...limit("cpuShares", number("CpuShares")),
    ...limit("memory", number("Memory")),
    ...limit("memoryReservation", number("MemoryReservation")),
    ...(memorySwap === 0 ? {} : { memorySwap }),
    ...limit("pids", number("PidsLimit")),
  };
}

function limit(name: keyof ObservedLimits, value: number): ObservedLimits {
  return value > 0 ? { [name]: value } : {};
}

function readHealth(value: unknown): HealthDetail | undefined {
  const health = asOptionalObject(value, "container.State.Health");
  const status = health["Status"];
  if (status !== "starting" && status !== "healthy" && status !== "unhealthy") return undefined;
  const latest = asList(health["Log"], "container.State.Health.Log").at(-1);
  const lastOutput = asOptionalText(asOptionalObject(latest, "probe")["Output"], "probe.Output");
  return { status, lastOutput };
}

function readAddresses(settings: unknown): Readonly<Record<string, string>> {
  const networks = asOptionalObject(asOptionalObject(settings, "container.NetworkSettings")["Networks"], "Networks");
  const addresses = Object.entries(networks).map(([name, value]): [string, string] => [
    name,
    asOptionalText(asOptionalObject(value, name)["IPAddress"], "IPAddress"),
  ]);
  return Object.fromEntries(addresses.filter(([, address]) => address !== ""));
}
