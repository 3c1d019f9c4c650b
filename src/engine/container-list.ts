import type { ContainerState, ObservedContainer, ObservedMount, ObservedPort } from "../plan/observed.ts";
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

/** One entry of `GET /containers/json`. A network's id is empty while the container has never been started. */
export function readListedContainer(value: unknown): ObservedContainer {
  const entry = asObject(value, "container");
  const state = asText(entry["State"], "container.State");
  const status = asOptionalText(entry["Status"], "container.Status");
  const health = healthOf(status);
  const exitCode = exitCodeOf(status);
  return {
    id: asText(entry["Id"], "container.Id"),
    name: ownName(asTexts(entry["Names"], "container.Names")),
    state: readState(state),
    ...(health === undefined ? {} : { health }),
    ...(exitCode === undefined ? {} : { exitCode }),
    imageId: asText(entry["ImageID"], "container.ImageID"),
    imageRef: asText(entry["Image"], "container.Image"),
    created: asNumber(entry["Created"], "container.Created"),
    labels: asTextMap(entry["Labels"], "container.Labels"),
    mounts: readMounts(entry["Mounts"]),
    networks: readNetworks(entry["NetworkSettings"]),
    ports: asList(entry["Ports"], "container.Ports").map(readPort),
  };
}

/** A state as the engine names it; one that this version does not know counts as dead, so that nobody relies on it. */
export function readState(state: string): ContainerState {
  switch (state) {
    case "created":
    case "running":
    case "paused":
    case "restarting":
    case "removing":
    case "exited":
      return state;
    // Podman's names for what Docker calls created and exited.
    case "configured":
    case "initialized":
      return "created";
    case "stopped":
      return "exited";
    default:
      return "dead";
  }
}

/** Health from the sentence that the engine prints for people: "Up 5 minutes (healthy)". */
export function healthOf(status: string): NonNullable<ObservedContainer["health"]> | undefined {
  if (status.endsWith("(healthy)")) return "healthy";
  if (status.endsWith("(unhealthy)")) return "unhealthy";
  return status.endsWith("(health: starting)") ? "starting" : undefined;
}

/** Exit code from "Exited (137) 2 hours ago" or "Restarting (1) 4 seconds ago". */
export function exitCodeOf(status: string): number | undefined {
  const match = /^(?:Exited|Restarting) \((-?\d+)\)/.exec(status);
  return match ? Number(match[1]) : undefined;
}

/** Links give a container more names, each with the other container's name in front. */
function ownName(names: readonly string[]): string {
  const own = names.find((name) => name.lastIndexOf("/") <= 0) ?? names[0] ?? "";
  return own.replace(/^\//, "");
}

/** Mounts as lists and inspections give them. */
export function readMounts(value: unknown): readonly ObservedMount[] {
  return asList(value, "container.Mounts").map((item) => {
    const mount = asObject(item, "mount");
    const kind = mountKind(asOptionalText(mount["Type"], "mount.Type"));
    const source = kind === "tmpfs" ? "" : mount[kind === "volume" ? "Name" : "Source"];
    return {
      kind,
      source: asOptionalText(source, "mount.Source"),
      target: asText(mount["Destination"], "mount.Destination"),
    };
  });
}

function mountKind(type: string): ObservedMount["kind"] {
  return type === "bind" || type === "volume" || type === "tmpfs" ? type : "other";
}

/** Network name → id from `NetworkSettings`. */
export function readNetworks(settings: unknown): Readonly<Record<string, string>> {
  const networks = asOptionalObject(asOptionalObject(settings, "container.NetworkSettings")["Networks"], "Networks");
  return Object.fromEntries(
    Object.entries(networks).map(([name, value]) => {
      const endpoint: JsonObject = asOptionalObject(value, `Networks.${name}`);
      return [name, asOptionalText(endpoint["NetworkID"], "NetworkID")];
    }),
  );
}

function readPort(value: unknown): ObservedPort {
  const port = asObject(value, "port");
  const hostIp = asOptionalText(port["IP"], "port.IP");
  const hostPort = port["PublicPort"];
  return {
    ...(hostIp === "" ? {} : { hostIp }),
    ...(typeof hostPort === "number" && hostPort > 0 ? { hostPort } : {}),
    containerPort: asNumber(port["PrivatePort"], "port.PrivatePort"),
    protocol: asText(port["Type"], "port.Type"),
  };
}
