import type { DockFile, Network as FileNetwork, Volume as FileVolume } from "./file.gen.ts";
import { quote } from "./findings.ts";
import { normalizeIpam } from "./ipam.ts";
import { normalizeLabels, normalizePairs } from "./key-values.ts";
import type { Network, Volume } from "./resource-model.ts";
import type { Service } from "./service-model.ts";
import { checkName, ENGINE_NAME, NETWORK_NAME, VOLUME_NAME } from "./names.ts";
import { members, placeAt, type Place, type Scope } from "./place.ts";
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
    ipam: normalizeIpam(file.ipam, place.at("ipam")),
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
