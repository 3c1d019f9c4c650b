import { isIP } from "node:net";
import { compareText } from "../std/digest.ts";
import type { Attachment, Service as FileService } from "./file.gen.ts";
import { quote, type Mistake } from "./findings.ts";
import { normalizePairs } from "./key-values.ts";
import type { NetworkAttachment } from "./connection-model.ts";
import { namespaceOf } from "./namespaces.ts";
import { items, members, type Place, type Scope } from "./place.ts";
import { compact } from "./plain-data.ts";

/** Keys that mean a container's own network, which it has not where it takes another one's. */
const OF_OWN_NETWORK = ["ports", "expose", "hostname", "mac_address", "dns", "extra_hosts"];

/** The networks that a service takes part in, or the mode that stands in their place. */
export function normalizeAttachments(
  file: FileService,
  place: Place,
): { networks: NetworkAttachment[]; networkMode: string | undefined } {
  if (file.network_mode === undefined) {
    const networks = attachmentsOf(file.networks, place.at("networks"));
    if ((file.scale ?? 1) > 1) refuseSharedAddresses(networks, place);
    const isAlone = file.networks !== undefined && Object.keys(file.networks).length === 0;
    return { networks, networkMode: isAlone ? "none" : undefined };
  }
  if (file.networks !== undefined) {
    place
      .at("networks")
      .errorAtKey({ code: "conflicting-keys", message: "`networks` and `network_mode` exclude each other" });
  }
  const own = ["host", "none", "bridge"];
  const networkMode = namespaceOf(file.network_mode, { own }, place.at("network_mode"));
  if (networkMode === "host" && file.ports !== undefined)
    place.at("ports").warning({ code: "no-effect", message: "`ports` has no effect with `network_mode: host`" });
  if (networkMode === "host" || networkMode === "none") refuseKeys(["mac_address"], networkMode, place);
  else if (networkMode !== undefined && networkMode !== "bridge") refuseKeys(OF_OWN_NETWORK, networkMode, place);
  return { networks: [], networkMode };
}

function refuseKeys(keys: readonly string[], mode: string, place: Place): void {
  for (const key of keys) {
    if (!place.has(key)) continue;
    const owner = /^(?:service|container):(.*)$/.exec(mode)?.[1];
    place.at(key).errorAtKey({
      code: "conflicting-keys",
      message: `${quote(key)} has no meaning with ${quote(`network_mode: ${mode}`)}`,
      ...(owner === undefined ? {} : { hint: `the network is that of ${quote(owner)}: set it there` }),
    });
  }
}

function attachmentsOf(given: FileService["networks"], place: Place): NetworkAttachment[] {
  if (given === undefined) return [plainAttachment("default")];
  const attachments = new Map<string, NetworkAttachment>();
  if (Array.isArray(given)) {
    for (const [name, at] of items(given, place)) {
      const mistake = mistakeIn(name, at.written(), at.scope);
      if (mistake) at.error(mistake);
      else attachments.set(name, plainAttachment(name));
    }
    return [...attachments.values()];
  }
  for (const [network, file, at] of members(given, place)) {
    const mistake = mistakeIn(network, quote(network), at.scope);
    if (mistake) at.errorAtKey(mistake);
    const attachment = attachmentOf(network, file ?? {}, at);
    if (!mistake) attachments.set(network, attachment);
  }
  return [...attachments.values()].toSorted((a, b) => compareText(a.network, b.network));
}

function attachmentOf(network: string, file: NonNullable<Attachment>, place: Place): NetworkAttachment {
  for (const version of [4, 6] as const) checkAddress(file[`ipv${version}_address`], version, place);
  const linkLocalIps = items(file.link_local_ips, place.at("link_local_ips")).map(([address, at]) => {
    if (isIP(address) === 0) at.invalid("is no IP address");
    return address;
  });
  return compact<NetworkAttachment>({
    network,
    aliases: file.aliases ?? [],
    ipv4Address: file.ipv4_address,
    ipv6Address: file.ipv6_address,
    linkLocalIps,
    macAddress: macAddressOf(file.mac_address, place.at("mac_address")),
    driverOpts: normalizePairs(file.driver_opts, place.at("driver_opts")),
    priority: file.priority ?? 0,
    gatewayPriority: file.gw_priority,
  });
}

function checkAddress(address: string | undefined, version: 4 | 6, place: Place): void {
  if (address !== undefined && isIP(address) !== version)
    place.at(`ipv${version}_address`).invalid(`is no IPv${version} address`);
}

/** A hardware address in lower case. */
export function macAddressOf(given: string | undefined, place: Place): string | undefined {
  if (given === undefined || /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(given)) return given?.toLowerCase();
  return place.invalid("is no hardware address", "write it as `02:42:ac:11:65:43`");
}

function refuseSharedAddresses(networks: readonly NetworkAttachment[], place: Place): void {
  for (const { network, ipv4Address, ipv6Address, macAddress } of networks) {
    if ((ipv4Address ?? ipv6Address ?? macAddress) === undefined) continue;
    const message = "containers of a service with `scale` above 1 can't share an address";
    place.at("networks", network).errorAtKey({ code: "conflicting-keys", message });
  }
}

function plainAttachment(network: string): NetworkAttachment {
  return { network, aliases: [], linkLocalIps: [], driverOpts: {}, priority: 0 };
}

function mistakeIn(name: string, written: string, { declared, findings }: Scope): Mistake | undefined {
  if (name === "default" || declared.networks.has(name)) return undefined;
  const hint = findings.suggest(name, [...declared.networks, "default"]) ?? "declare it under `networks`";
  return { code: "unknown-network", message: `${written} names a network that is not declared`, hint };
}
