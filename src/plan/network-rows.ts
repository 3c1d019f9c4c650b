import type { NetworkAttachment, Port } from "../project/connection-model.ts";
import { compareText } from "../std/digest.ts";
import type { EndpointBody } from "./container-body.ts";
import { type EngineNeed, list, row, type Row } from "./row.ts";
import type { SpecValue } from "./spec-value.ts";

/** How a container is reached, and whom it finds. */
export const NETWORK_ROWS: Readonly<Record<string, Row<SpecValue>>> = {
  ports: row<readonly string[]>(
    ({ service }) =>
      list(
        service.ports
          .map((port) => `${port.hostIp}:${hostPortText(port)}:${port.containerPort}/${port.protocol}`)
          .sort(compareText),
      ),
    (body, value) => {
      const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
      for (const port of value) {
        const [, HostIp = "", HostPort = "", target = ""] = /^(.*):(\d*|\d+-\d+|auto):(\d+\/\w+)$/.exec(port) ?? [];
        // The one that dock chose is put in where the container is created.
        (bindings[target] ??= []).push({ HostIp, HostPort: HostPort === "auto" ? "" : HostPort });
      }
      body.HostConfig.PortBindings = bindings;
      body.ExposedPorts = {
        ...body.ExposedPorts,
        ...Object.fromEntries(Object.keys(bindings).map((port) => [port, {}])),
      };
    },
  ),
  expose: row<readonly string[]>(
    ({ service }) => list(service.expose.toSorted(compareText)),
    (body, value) => {
      body.ExposedPorts = { ...body.ExposedPorts, ...Object.fromEntries(value.map((port) => [port, {}])) };
    },
  ),
  networks: row<Readonly<Record<string, EndpointSpec>>>(
    ({ service, networkNames, aliases }) => {
      if (service.networks.length === 0) return undefined;
      return Object.fromEntries(
        service.networks.map((attachment) => [
          networkNames[attachment.network] ?? attachment.network,
          endpointSpec(attachment, aliases),
        ]),
      );
    },
    (body, value) => {
      // By priority, then name: the first one is joined at creation, and the engine prefers it for the way out.
      const ordered = Object.entries(value).sort(([a, x], [b, y]) => y.priority - x.priority || compareText(a, b));
      body.HostConfig.NetworkMode = ordered[0]?.[0] ?? "none";
      body.NetworkingConfig = {
        EndpointsConfig: Object.fromEntries(ordered.map(([name, endpoint]) => [name, endpointBody(endpoint)])),
      };
    },
    { needs: (value) => Object.values(value).flatMap((endpoint) => endpointNeed(endpoint) ?? [])[0] },
  ),
  // What stands here for `service:` names a service; the container's id takes its place when it is created.
  network_mode: row<string>(
    ({ service }) => service.networkMode,
    (body, value) => void (body.HostConfig.NetworkMode = value),
  ),
  mac_address: row<string>(
    ({ service }) => service.macAddress,
    (body, value) => {
      // Engines before API 1.44 read it here, later ones at the endpoint that the container is created with.
      body.MacAddress = value;
      const { EndpointsConfig } = body.NetworkingConfig;
      const first = Object.keys(EndpointsConfig)[0];
      if (first === undefined) return;
      body.NetworkingConfig = {
        EndpointsConfig: { ...EndpointsConfig, [first]: { ...EndpointsConfig[first], MacAddress: value } },
      };
    },
  ),
  hostname: row<string>(
    ({ service }) => service.hostname,
    (body, value) => void (body.Hostname = value),
  ),
  domainname: row<string>(
    ({ service }) => service.domainname,
    (body, value) => void (body.Domainname = value),
  ),
  extra_hosts: row<readonly string[]>(
    ({ service }) => list(service.extraHosts),
    (body, value) => void (body.HostConfig.ExtraHosts = value),
  ),
  dns: row<readonly string[]>(
    ({ service }) => list(service.dns),
    (body, value) => void (body.HostConfig.Dns = value),
  ),
  dns_search: row<readonly string[]>(
    ({ service }) => list(service.dnsSearch),
    (body, value) => void (body.HostConfig.DnsSearch = value),
  ),
  dns_opt: row<readonly string[]>(
    ({ service }) => list(service.dnsOptions),
    (body, value) => void (body.HostConfig.DnsOptions = value),
  ),
};

function hostPortText({ auto, hostPort, hostRange }: Port): string {
  if (hostRange) return `${hostRange.first}-${hostRange.last}`;
  return auto ? "auto" : String(hostPort ?? "");
}

type EndpointSpec = {
  readonly aliases: readonly string[];
  readonly ipv4Address?: string;
  readonly ipv6Address?: string;
  readonly linkLocalIps?: readonly string[];
  readonly macAddress?: string;
  readonly driverOpts?: Readonly<Record<string, string>>;
  readonly gatewayPriority?: number;
  readonly priority: number;
} & { readonly [key: string]: SpecValue };

function endpointSpec(attachment: NetworkAttachment, aliases: readonly string[]): EndpointSpec {
  const { network: _, aliases: own, linkLocalIps, driverOpts, ...rest } = attachment;
  return {
    ...rest,
    aliases: [...new Set([...aliases, ...own])],
    ...(linkLocalIps.length === 0 ? {} : { linkLocalIps }),
    ...(Object.keys(driverOpts).length === 0 ? {} : { driverOpts }),
  } as EndpointSpec;
}

function endpointBody(endpoint: EndpointSpec): EndpointBody {
  const { ipv4Address, ipv6Address, linkLocalIps, macAddress, driverOpts, gatewayPriority } = endpoint;
  return {
    Aliases: endpoint.aliases,
    IPAMConfig: {
      ...(ipv4Address === undefined ? {} : { IPv4Address: ipv4Address }),
      ...(ipv6Address === undefined ? {} : { IPv6Address: ipv6Address }),
      ...(linkLocalIps === undefined ? {} : { LinkLocalIPs: linkLocalIps }),
    },
    ...(macAddress === undefined ? {} : { MacAddress: macAddress }),
    ...(driverOpts === undefined ? {} : { DriverOpts: driverOpts }),
    ...(gatewayPriority === undefined ? {} : { GwPriority: gatewayPriority }),
  };
}

function endpointNeed(endpoint: EndpointSpec): EngineNeed | undefined {
  if (endpoint.gatewayPriority !== undefined)
    return { api: "1.48", release: "28", what: "the `gw_priority` of a network" };
  if (endpoint.macAddress !== undefined)
    return { api: "1.44", release: "25", what: "the `mac_address` of a service in one network" };
  return undefined;
}
