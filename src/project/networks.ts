import { closest } from "../std/closest.ts";
import type { DockFile, Network as FileNetwork, Service as FileService, Volume as FileVolume } from "./file.gen.ts";
import { quote } from "./findings.ts";
import { normalizeLabels, normalizePairs } from "./key-values.ts";
import type { Network, NetworkAttachment, Service, Volume } from "./model.ts";
import {
  checkName,
  compact,
  invalid,
  items,
  members,
  NETWORK_NAME,
  notSupportedYet,
  record,
  VOLUME_NAME,
  type NameRule,
  type Scope,
} from "./scope.ts";
import type { Path } from "./tree.ts";

/** The networks of the file, and `default` when a service takes part in it without its being declared. */
export function normalizeNetworks(file: DockFile, services: readonly Service[], scope: Scope): Record<string, Network> {
  const networks = record(
    [...members(file.networks)].map(([key, network]) => [key, networkOf(key, network ?? {}, scope)]),
  );
  const user = services.find((service) => service.networks.some(({ network }) => network === "default"));
  if (user && !networks["default"]) networks["default"] = { ...networkOf("default", {}, scope), at: user.at };
  return networks;
}

function networkOf(key: string, file: NonNullable<FileNetwork>, scope: Scope): Network {
  const path = ["networks", key];
  return compact<Network>({
    ...sharedParts(file, path, { rule: NETWORK_NAME, scope }),
    internal: file.internal ?? false,
    attachable: file.attachable ?? false,
    enableIpv6: file.enable_ipv6 ?? false,
  });
}

/** The named volumes of the file. */
export function normalizeVolumes(file: DockFile, scope: Scope): Record<string, Volume> {
  return record(
    [...members(file.volumes)].map(([key, volume]) => [
      key,
      compact<Volume>(sharedParts(volume ?? {}, ["volumes", key], { rule: VOLUME_NAME, scope })),
    ]),
  );
}

/** What networks and volumes have in common. */
function sharedParts(
  file: NonNullable<FileVolume>,
  path: Path,
  { rule, scope }: { rule: NameRule; scope: Scope },
): { [K in keyof Volume]: Volume[K] | undefined } & Pick<
  Volume,
  "key" | "name" | "external" | "driverOpts" | "labels" | "at"
> {
  const key = String(path.at(-1));
  const at = (name: string): Path => [...path, name];
  if (scope.findings.at(path).span.end > 0) checkName(scope, path, rule);
  const external = file.external ?? false;
  const name = file.name ?? (external ? key : `${scope.projectName}_${key}`);
  if (file.name !== undefined && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name)) {
    invalid(scope, at("name"), "can't be used as a name", "use letters, digits, `-`, `_` and `.`");
  }
  if (external) {
    for (const other of Object.keys(file)) {
      if (other === "external" || other === "name" || other.startsWith("x-")) continue;
      scope.findings.errorAtKey(at(other), {
        code: "conflicting-keys",
        message: `${quote(other)} has no meaning with \`external\`: dock does not make it`,
      });
    }
  }
  return {
    key,
    name,
    external,
    driver: file.driver,
    driverOpts: normalizePairs(file.driver_opts, at("driver_opts"), scope),
    labels: normalizeLabels(file.labels, at("labels"), scope),
    at: scope.findings.at(path),
  };
}

/** The networks that a service takes part in, or the mode that stands in their place. */
export function normalizeAttachments(
  file: FileService,
  path: Path,
  scope: Scope,
): { networks: NetworkAttachment[]; networkMode: string | undefined } {
  const networkMode =
    file.network_mode === undefined ? undefined : networkModeOf(file.network_mode, [...path, "network_mode"], scope);
  if (file.network_mode !== undefined) {
    if (file.networks !== undefined) {
      scope.findings.errorAtKey([...path, "networks"], {
        code: "conflicting-keys",
        message: "`networks` and `network_mode` exclude each other",
      });
    }
    if (networkMode === "host" && file.ports !== undefined) {
      scope.findings.warning([...path, "ports"], {
        code: "no-effect",
        message: "`ports` has no effect with `network_mode: host`",
      });
    }
    return { networks: [], networkMode };
  }
  return { networks: attachmentsOf(file.networks, [...path, "networks"], scope), networkMode };
}

function networkModeOf(mode: string, path: Path, scope: Scope): string | undefined {
  if (["host", "none", "bridge"].includes(mode)) return mode;
  const kind = /^(service|container):/.exec(mode)?.[1];
  if (kind !== undefined) return notSupportedYet(scope, path, `\`network_mode: ${kind}:…\``);
  return invalid(
    scope,
    path,
    "is no network mode",
    "use `host`, `none` or `bridge`, or name networks under `networks`",
  );
}

function attachmentsOf(given: FileService["networks"], path: Path, scope: Scope): NetworkAttachment[] {
  const plain = { aliases: [], priority: 0 };
  if (given === undefined) return [{ network: "default", ...plain }];
  if (Array.isArray(given)) {
    const names = new Set(
      [...items(given)].filter(([index, name]) => isKnown(name, [...path, index], scope)).map(([, name]) => name),
    );
    return [...names].map((network) => ({ network, ...plain }));
  }
  const attachments = [...members(given)]
    .filter(([name]) => isKnown(name, [...path, name], scope))
    .map(([network, file]) =>
      compact<NetworkAttachment>({
        network,
        aliases: file?.aliases ?? [],
        ipv4Address: file?.ipv4_address,
        ipv6Address: file?.ipv6_address,
        priority: file?.priority ?? 0,
      }),
    );
  return attachments.toSorted((a, b) => (a.network < b.network ? -1 : 1));
}

function isKnown(name: string, path: Path, scope: Scope): boolean {
  if (name === "default" || scope.declared.networks.has(name)) return true;
  const better = closest(name, [...scope.declared.networks, "default"]);
  const hint = better === undefined ? "declare it under `networks`" : `did you mean ${quote(better)}?`;
  const inList = typeof path.at(-1) === "number";
  const mistake = {
    code: "unknown-network",
    message: `${inList ? scope.findings.written(path) : quote(name)} names a network that is not declared`,
    hint,
  };
  if (inList) scope.findings.error(path, mistake);
  else scope.findings.errorAtKey(path, mistake);
  return false;
}
