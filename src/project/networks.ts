import { isIP } from "node:net";
import { compareText } from "../std/digest.ts";
import type { DockFile, Network as FileNetwork, Service as FileService, Volume as FileVolume } from "./file.gen.ts";
import { quote, type Mistake } from "./findings.ts";
import { normalizeLabels, normalizePairs } from "./key-values.ts";
import type { Network, NetworkAttachment, Service, Volume } from "./model.ts";
import { checkName, ENGINE_NAME, NETWORK_NAME, VOLUME_NAME } from "./names.ts";
import { items, members, placeAt, type Place, type Scope } from "./place.ts";
import { compact, record } from "./plain-data.ts";

/** The networks of the file, and `default` when a service takes part in it without its being declared. */
export function normalizeNetworks(file: DockFile, services: readonly Service[], scope: Scope): Record<string, Network> {
  const networks = record<Network>([]);
  const root = placeAt(scope, ["networks"]);
  for (const [key, network, place] of members(file.networks, root)) {
    checkName(place, NETWORK_NAME);
    networks[key] = networkOf(network ?? {}, place);
  }
  const user = services.find((service) => service.networks.some(({ network }) => network === "default"));
  if (user && !networks["default"]) networks["default"] = { ...networkOf({}, root.at("default")), at: user.at };
  return networks;
}

function networkOf(file: NonNullable<FileNetwork>, place: Place): Network {
  return compact<Network>({
    ...sharedParts(file, place),
    internal: file.internal ?? false,
    attachable: file.attachable ?? false,
    enableIpv6: file.enable_ipv6 ?? false,
  });
}

/** The named volumes of the file. */
export function normalizeVolumes(file: DockFile, scope: Scope): Record<string, Volume> {
  const volumes = record<Volume>([]);
  for (const [key, volume, place] of members(file.volumes, placeAt(scope, ["volumes"]))) {
    checkName(place, VOLUME_NAME);
    volumes[key] = compact<Volume>(sharedParts(volume ?? {}, place));
  }
  return volumes;
}

/** What networks and volumes have in common. */
function sharedParts(
  file: NonNullable<FileVolume>,
  place: Place,
): Omit<Volume, "driver"> & { readonly driver: string | undefined } {
  const { key } = place;
  const external = file.external ?? false;
  if (external) checkExternal(file, place);
  if (file.name !== undefined && !ENGINE_NAME.test(file.name))
    place.at("name").invalid("can't be used as a name", "use letters, digits, `-`, `_` and `.`");
  return {
    key,
    name: file.name ?? (external ? key : `${place.scope.projectName}_${key}`),
    external,
    driver: file.driver,
    driverOpts: normalizePairs(file.driver_opts, place.at("driver_opts")),
    labels: normalizeLabels(file.labels, place.at("labels")),
    at: place.entry(),
  };
}

function checkExternal(file: NonNullable<FileVolume>, place: Place): void {
  for (const [other, , at] of members(file as Readonly<Record<string, unknown>>, place)) {
    if (other === "external" || other === "name") continue;
    at.errorAtKey({
      code: "conflicting-keys",
      message: `${quote(other)} has no meaning with \`external\`, which dock does not make`,
    });
  }
}

/** The networks that a service takes part in, or the mode that stands in their place. */
export function normalizeAttachments(
  file: FileService,
  place: Place,
): { networks: NetworkAttachment[]; networkMode: string | undefined } {
  if (file.network_mode === undefined)
    return { networks: attachmentsOf(file.networks, place.at("networks")), networkMode: undefined };
  if (file.networks !== undefined) {
    place
      .at("networks")
      .errorAtKey({ code: "conflicting-keys", message: "`networks` and `network_mode` exclude each other" });
  }
  const networkMode = networkModeOf(file.network_mode, place.at("network_mode"));
  if (networkMode === "host" && file.ports !== undefined) {
    place.at("ports").warning({ code: "no-effect", message: "`ports` has no effect with `network_mode: host`" });
  }
  return { networks: [], networkMode };
}

function networkModeOf(mode: string, place: Place): string | undefined {
  if (["host", "none", "bridge"].includes(mode)) return mode;
  const kind = /^(service|container):/.exec(mode)?.[1];
  if (kind !== undefined) return place.notSupportedYet(`\`network_mode: ${kind}:…\``);
  return place.invalid("is no network mode", "use `host`, `none` or `bridge`, or name networks under `networks`");
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
    for (const version of [4, 6] as const) checkAddress(file?.[`ipv${version}_address`], version, at);
    const { aliases = [], priority = 0, ipv4_address: ipv4Address, ipv6_address: ipv6Address } = file ?? {};
    if (!mistake)
      attachments.set(network, compact<NetworkAttachment>({ network, aliases, ipv4Address, ipv6Address, priority }));
  }
  return [...attachments.values()].toSorted((a, b) => compareText(a.network, b.network));
}

function checkAddress(address: string | undefined, version: 4 | 6, place: Place): void {
  if (address !== undefined && isIP(address) !== version)
    place.at(`ipv${version}_address`).invalid(`is no IPv${version} address`);
}

function plainAttachment(network: string): NetworkAttachment {
  return { network, aliases: [], priority: 0 };
}

function mistakeIn(name: string, written: string, { declared, findings }: Scope): Mistake | undefined {
  if (name === "default" || declared.networks.has(name)) return undefined;
  const hint = findings.suggest(name, [...declared.networks, "default"]) ?? "declare it under `networks`";
  return { code: "unknown-network", message: `${written} names a network that is not declared`, hint };
}
