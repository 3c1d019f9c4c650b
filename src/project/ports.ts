import { isIP } from "node:net";
import type { Port as FilePort } from "./file.gen.ts";
import type { Port } from "./connection-model.ts";
import { items, type Place, type Scope } from "./place.ts";

/** Unless the file names an address, only this machine can reach a port. */
const LOOPBACK = "127.0.0.1";
/** Ports that one file may publish and expose. */
export const MAX_PORTS = 20_000;

/** A mapping before ranges are spelled out. */
interface Mapping {
  readonly hostIp: string;
  /** `auto`: dock takes a free one. */
  readonly host: Range | "auto" | undefined;
  readonly container: Range;
  readonly protocol: Port["protocol"];
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** What is wrong with a mapping's text. */
class PortMistake extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The published ports of a service, ranges spelled out; each is also noted in `scope.published`. */
export function normalizePorts(given: readonly FilePort[] | undefined, service: string, place: Place): Port[] {
  const ports: Port[] = [];
  for (const [item, at] of items(given, place)) {
    for (const port of normalizePort(item, at)) {
      ports.push(port);
      place.scope.published.push({ service, port, place: at });
    }
  }
  return ports;
}

function normalizePort(item: FilePort, place: Place): Port[] {
  try {
    return spellOut(typeof item === "object" ? longForm(item) : shortForm(place.text()), place.scope.quota);
  } catch (error) {
    if (!(error instanceof PortMistake)) throw error;
    if (typeof item === "object")
      place.error({ code: "invalid-value", message: `this port ${error.message}`, hint: error.hint });
    else place.invalid(`is no port mapping: it ${error.message}`, error.hint);
    return [];
  }
}

/** What a text is as a port mapping, such as `run --publish` takes. */
export type PortText =
  | { readonly kind: "ports"; readonly ports: readonly Port[] }
  | { readonly kind: "mistake"; readonly problem: string; readonly hint: string | undefined };

/** Reads the short form of a mapping, ranges spelled out. */
export function readPorts(text: string): PortText {
  try {
    return { kind: "ports", ports: spellOut(shortForm(text), { ports: MAX_PORTS }) };
  } catch (error) {
    if (!(error instanceof PortMistake)) throw error;
    return { kind: "mistake", problem: error.message, hint: error.hint };
  }
}

function shortForm(text: string): Mapping {
  const slash = text.lastIndexOf("/");
  const protocol = protocolOf(slash < 0 ? "tcp" : text.slice(slash + 1));
  const parts = (slash < 0 ? text : text.slice(0, slash)).split(":");
  const container = range(parts.pop() ?? "", "container port");
  const hostText = parts.pop();
  const address = parts.length === 0 ? undefined : parts.join(":");
  const host = hostText === undefined || (hostText === "" && address !== undefined) ? undefined : hostRange(hostText);
  return { hostIp: hostIp(address), host, container, protocol };
}

function longForm(item: Exclude<FilePort, string | number>): Mapping {
  const host = item.published === undefined ? undefined : hostRange(String(item.published));
  return {
    hostIp: hostIp(item.host_ip),
    host,
    container: range(String(item.target), "container port"),
    protocol: item.protocol ?? "tcp",
  };
}

function protocolOf(text: string): Port["protocol"] {
  const lower = text.toLowerCase();
  if (lower === "tcp" || lower === "udp" || lower === "sctp") return lower;
  throw new PortMistake("has an unknown protocol", "use `/tcp`, `/udp` or `/sctp`");
}

function hostIp(text: string | undefined): string {
  if (text === undefined) return LOOPBACK;
  const address = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (isIP(address) !== 0) return address.toLowerCase();
  throw new PortMistake(
    "has a host address that is no IP address",
    text === "localhost" ? `leave it out: ${LOOPBACK} is the default` : "write it as `127.0.0.1:8080:80`",
  );
}

function hostRange(text: string): Range | "auto" {
  return text === "auto" ? "auto" : range(text, "host port");
}

function range(text: string, what: string): Range {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1] ?? 0);
  const last = Number(match?.[2] ?? match?.[1] ?? 0);
  if (!match) throw new PortMistake(`has no number as ${what}`, "write it as `8080:80`");
  if (first < 1 || last > 65_535) throw new PortMistake(`has a ${what} outside 1-65535`);
  if (first > last) throw new PortMistake("has a range that runs backwards");
  return { first, last };
}

function spellOut({ hostIp: ip, host, container, protocol }: Mapping, quota: Scope["quota"]): Port[] {
  const count = container.last - container.first + 1;
  const hostCount = host === undefined || host === "auto" ? count : host.last - host.first + 1;
  if (count === 1 && hostCount > 1 && typeof host === "object") {
    quota.ports -= 1;
    return [{ hostIp: ip, hostRange: host, containerPort: container.first, protocol }];
  }
  if (hostCount !== count) throw new PortMistake("has ranges of different length");
  quota.ports -= count;
  if (quota.ports < 0) throw new PortMistake(`brings the file to more than ${MAX_PORTS} ports`);
  return Array.from({ length: count }, (_, index): Port => ({
    hostIp: ip,
    ...(host === "auto" ? { auto: true as const } : host !== undefined && { hostPort: host.first + index }),
    containerPort: container.first + index,
    protocol,
  }));
}

/** Ports for the record, `3000/tcp`, ranges spelled out. */
export function normalizeExpose(given: readonly (string | number)[] | undefined, place: Place): string[] {
  const exposed = new Set<string>();
  for (const [, at] of items(given, place)) {
    try {
      const mapping = shortForm(at.text());
      if (mapping.host !== undefined) throw new PortMistake("has a host port", "publish it with `ports`");
      for (const port of spellOut(mapping, place.scope.quota)) exposed.add(`${port.containerPort}/${port.protocol}`);
    } catch (error) {
      if (!(error instanceof PortMistake)) throw error;
      at.invalid(`is no port: it ${error.message}`, error.hint);
    }
  }
  return [...exposed];
}
