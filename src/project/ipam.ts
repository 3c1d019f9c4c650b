import { BlockList, isIP } from "node:net";
import type { Network as FileNetwork } from "./file.gen.ts";
import { normalizePairs } from "./key-values.ts";
import type { AddressRange, Ipam, Network } from "./resource-model.ts";
import type { Service } from "./service-model.ts";
import { items, members, placeAt, type Place, type Scope } from "./place.ts";
import { compact, record } from "./plain-data.ts";
import { quote } from "./findings.ts";

type FileIpam = NonNullable<NonNullable<FileNetwork>["ipam"]>;
type FileRange = NonNullable<FileIpam["config"]>[number];

/** How a network gives out addresses. */
export function normalizeIpam(file: FileIpam | undefined, place: Place): Ipam | undefined {
  if (file === undefined) return undefined;
  return compact<Ipam>({
    driver: file.driver,
    ranges: items(file.config, place.at("config")).map(([range, at]) => rangeOf(range, at)),
    options: normalizePairs(file.options, place.at("options")),
  });
}

function rangeOf(file: FileRange, place: Place): AddressRange {
  const subnet = cidrOf(file.subnet, place.at("subnet"));
  const ipRange = cidrOf(file.ip_range, place.at("ip_range"));
  if (file.subnet === undefined && (file.ip_range ?? file.gateway ?? file.aux_addresses) !== undefined)
    place.errorAtKey({ code: "missing-key", message: "a range of addresses needs its `subnet`" });
  const inSubnet = (address: string, at: Place): string => {
    if (isIP(address) === 0) at.invalid("is no IP address");
    else if (subnet !== undefined && !contains(subnet, address))
      at.invalid("is not in the subnet", `use an address of ${place.at("subnet").written()}`);
    return address;
  };
  if (subnet !== undefined && ipRange !== undefined && !contains(subnet, ipRange.split("/")[0] ?? ""))
    place.at("ip_range").invalid("is not in the subnet", `use a part of ${place.at("subnet").written()}`);
  const aux = [...members(file.aux_addresses, place.at("aux_addresses"))];
  return compact<AddressRange>({
    subnet,
    ipRange,
    gateway: file.gateway === undefined ? undefined : inSubnet(file.gateway, place.at("gateway")),
    auxAddresses: record(aux.map(([host, address, at]) => [host, inSubnet(address, at)])),
  });
}

function cidrOf(text: string | undefined, place: Place): string | undefined {
  if (text === undefined) return undefined;
  const [address = "", bits = "", ...rest] = text.split("/");
  const version = isIP(address);
  const isRight =
    version !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128) && rest.length === 0;
  return isRight ? text : place.invalid("is no range of addresses", "write it as `172.28.0.0/16`");
}

function contains(subnet: string, address: string): boolean {
  const [base = "", bits = ""] = subnet.split("/");
  const family = isIP(base) === 6 ? "ipv6" : "ipv4";
  if (isIP(address) !== isIP(base)) return false;
  const block = new BlockList();
  block.addSubnet(base, Number(bits), family);
  return block.check(address, family);
}

/** Reports fixed addresses that a network of this project can't give: the engine wants a subnet for them that holds them. */
export function checkFixedAddresses(
  services: readonly Service[],
  networks: Readonly<Record<string, Network>>,
  scope: Scope,
): void {
  for (const service of services) {
    for (const { network: key, ipv4Address, ipv6Address } of service.networks) {
      const network = networks[key];
      if (!network || network.external) continue;
      for (const [name, address] of Object.entries({ ipv4_address: ipv4Address, ipv6_address: ipv6Address })) {
        if (address === undefined || isIP(address) === 0) continue;
        const subnets = (network.ipam?.ranges ?? []).flatMap(({ subnet }) => subnet ?? []);
        if (subnets.some((subnet) => contains(subnet, address))) continue;
        const hint = `give network ${quote(key)} an \`ipam\` with a subnet that holds it`;
        placeAt(scope, ["services", service.key, "networks", key, name]).invalid(
          `is in no subnet of network ${quote(key)}`,
          hint,
        );
      }
    }
  }
}
