import { isIP } from "node:net";
import { closest } from "../std/closest.ts";
import { macAddressOf, normalizeAttachments } from "./attachments.ts";
import { normalizeCommand } from "./command-words.ts";
import { containerDirectory } from "./container-path.ts";
import { normalizeDependencies } from "./dependencies.ts";
import { normalizeDev } from "./dev.ts";
import { normalizeDevices } from "./devices.ts";
import { normalizeExtraHosts } from "./extra-hosts.ts";
import type { DockFile, Service as FileService } from "./file.gen.ts";
import { quote } from "./findings.ts";
import { checkGrants, normalizeGrants } from "./granted-files.ts";
import { normalizeHealthcheck } from "./healthcheck.ts";
import { normalizeHooks } from "./hooks.ts";
import { PLATFORM } from "./images.ts";
import { normalizeLabels, normalizePairs, normalizeVariables } from "./key-values.ts";
import type { Mount } from "./connection-model.ts";
import type { Image } from "./image-model.ts";
import type { EnvFile, Service } from "./service-model.ts";
import { shortTmpfs } from "./mount-text.ts";
import { normalizeMounts, withDistinctTargets, type PlacedMount } from "./mounts.ts";
import { checkName, PROFILE_NAME, SERVICE_NAME } from "./names.ts";
import { normalizeNamespaces, withOwners } from "./namespaces.ts";
import { hostPathAt, items, members, placeAt, strings, texts, type Place, type Scope } from "./place.ts";
import { compact } from "./plain-data.ts";
import { normalizeExpose, normalizePorts } from "./ports.ts";
import { normalizeDuration, normalizeSize, normalizeUlimits } from "./quantities.ts";
import { normalizeResources } from "./resources.ts";
import { resolveImage } from "./service-image.ts";
import { normalizeReady } from "./ready.ts";

type Images = Readonly<Record<string, Image>>;

/** The services of the file; those without an image that can be named are reported and left out. */
export function normalizeServices(file: DockFile, images: Images, scope: Scope): Service[] {
  const services: Service[] = [];
  for (const [key, service, place] of members(file.services, placeAt(scope, ["services"]))) {
    checkName(place, SERVICE_NAME);
    const image = imageOf(service, images, place);
    const rest = normalizeService(service, images, place);
    if (image) services.push(compact<Service>({ key, image, ...rest }));
  }
  return services;
}

function normalizeService(
  file: FileService,
  images: Images,
  place: Place,
): { [K in Exclude<keyof Service, "key" | "image">]: Service[K] | undefined } {
  const { key } = place;
  if (file.platform !== undefined && !PLATFORM.test(file.platform))
    place.at("platform").invalid("is no platform", "write it as `linux/amd64`");
  const attachments = normalizeAttachments(file, place);
  const namespaces = normalizeNamespaces(file, place);
  const mounts = withDistinctTargets(mountsOf(file, place));
  const dev = file.dev && normalizeDev(file.dev, { service: key, images }, place.at("dev"));
  const grants = grantsOf(file, [...mounts, ...(dev?.mounts ?? [])], place);
  return {
    command: normalizeCommand(file.command, place.at("command")),
    entrypoint: normalizeCommand(file.entrypoint, place.at("entrypoint")),
    environment: normalizeVariables(file.environment, place.at("environment")),
    envFiles: envFilesOf(file.env_file, place.at("env_file")),
    ports: normalizePorts(file.ports, key, place.at("ports")),
    expose: normalizeExpose(file.expose, place.at("expose")),
    mounts,
    ...grants,
    ...attachments,
    ...namespaces,
    dependsOn: withOwners(normalizeDependencies(file.depends_on, key, place.at("depends_on")), [
      attachments.networkMode,
      namespaces.pid,
      namespaces.ipc,
    ]),
    healthcheck:
      file.healthcheck === undefined ? undefined : normalizeHealthcheck(file.healthcheck, place.at("healthcheck")),
    restart: restartOf(file.restart, place.at("restart")),
    containerName: containerNameOf(file, place.at("container_name")),
    hostname: file.hostname,
    domainname: file.domainname,
    user: file.user === undefined ? undefined : place.at("user").text(),
    workingDir:
      file.working_dir === undefined ? undefined : containerDirectory(file.working_dir, place.at("working_dir")),
    labels: normalizeLabels(file.labels, place.at("labels")),
    extraHosts: normalizeExtraHosts(file.extra_hosts, place.at("extra_hosts")),
    dns: addressesOf(file.dns, place.at("dns")),
    dnsSearch: texts(file.dns_search, place),
    dnsOptions: texts(file.dns_opt, place),
    capAdd: texts(file.cap_add, place),
    capDrop: texts(file.cap_drop, place),
    privileged: file.privileged ?? false,
    readOnly: file.read_only ?? false,
    shmSize: normalizeSize(file.shm_size, place.at("shm_size")),
    ulimits: normalizeUlimits(file.ulimits, place.at("ulimits")),
    sysctls: normalizePairs(file.sysctls, place.at("sysctls")),
    securityOpt: texts(file.security_opt, place),
    groupAdd: items(file.group_add, place.at("group_add")).map(([, at]) => at.text()),
    resources: normalizeResources(file, place),
    ...normalizeDevices(file, place),
    runtime: file.runtime,
    annotations: normalizePairs(file.annotations, place.at("annotations")),
    oomScoreAdj: file.oom_score_adj,
    storageOpt: normalizePairs(file.storage_opt, place.at("storage_opt")),
    macAddress: macAddressOf(file.mac_address, place.at("mac_address")),
    init: file.init,
    tty: file.tty ?? false,
    stdinOpen: file.stdin_open ?? false,
    stopSignal: file.stop_signal,
    stopGracePeriod: normalizeDuration(file.stop_grace_period, place.at("stop_grace_period")),
    logging: loggingOf(file.logging, place.at("logging")),
    platform: file.platform,
    pull: file.pull ?? "missing",
    scale: file.scale ?? 1,
    profiles: profilesOf(file.profiles, place.at("profiles")),
    attach: file.attach ?? true,
    task: file.task ?? false,
    ready: normalizeReady(file.ready, place.at("ready")),
    postStart: normalizeHooks(file.post_start, place.at("post_start")),
    preStop: normalizeHooks(file.pre_stop, place.at("pre_stop")),
    dev,
    at: place.entry(),
  };
}

function imageOf(file: FileService, images: Images, place: Place): Service["image"] | undefined {
  if (file.build !== undefined) return { kind: "built", key: place.key };
  if (file.image !== undefined) return resolveImage(file.image, images, place.at("image"));
  // What was wrong with them, or with a key that was to be one of them, has been said already.
  const { findings } = place.scope;
  const isSaid = findings.keys(place.path).some((key) => closest(key, ["image", "build"]) !== undefined);
  if (!isSaid)
    place.errorAtKey({
      code: "missing-key",
      message: `the service ${quote(place.key)} has neither \`image\` nor \`build\``,
    });
  return undefined;
}

function grantsOf(file: FileService, mounts: readonly Mount[], place: Place): Pick<Service, "secrets" | "configs"> {
  const secrets = normalizeGrants(file, "secrets", place);
  const configs = normalizeGrants(file, "configs", place);
  checkGrants([...secrets, ...configs], { mounts, readOnly: file.read_only ?? false });
  return {
    secrets: secrets.map(({ grant }) => grant),
    configs: configs.map(({ grant }) => grant),
  };
}

function envFilesOf(given: FileService["env_file"], place: Place): EnvFile[] {
  const list = Array.isArray(given) ? items(given, place) : given === undefined ? [] : [[given, place] as const];
  return list.map(([item, at]) => {
    const { path, required = true, format = "env" } = typeof item === "string" ? { path: item } : item;
    return { path: hostPathAt(path, at), required, format, at: at.value() };
  });
}

function mountsOf(file: FileService, place: Place): PlacedMount[] {
  const placed = [
    ...normalizeMounts(file.mounts, place.at("mounts")),
    ...normalizeMounts(file.volumes, place.at("volumes")),
  ];
  for (const [text, at] of strings(file.tmpfs, place.at("tmpfs"))) {
    const mount = shortTmpfs(text, at);
    if (mount) placed.push({ mount, place: at });
  }
  return placed;
}

function restartOf(given: string | undefined, place: Place): Service["restart"] {
  const [policy = "no", times, ...rest] = (given ?? "no").split(":");
  const isPlain = times === undefined;
  if (policy === "on-failure" && (isPlain || /^\d{1,6}$/.test(times)) && rest.length === 0)
    return { policy, maxRetries: Number(times ?? 0) };
  if ((policy === "no" || policy === "always" || policy === "unless-stopped") && isPlain)
    return { policy, maxRetries: 0 };
  place.invalid("is no restart policy", "use `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`");
  return { policy: "no", maxRetries: 0 };
}

function containerNameOf({ container_name: name, scale = 1 }: FileService, place: Place): string | undefined {
  if (name === undefined) return undefined;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/.test(name)) {
    return place.invalid("can't be the name of a container", "use 2 to 128 letters, digits, `-`, `_` and `.`");
  }
  if (scale > 1)
    place.errorAtKey({
      code: "conflicting-keys",
      message: "a service with `container_name` can't have `scale` above 1",
    });
  return name;
}

function addressesOf(given: FileService["dns"], place: Place): string[] {
  return strings(given, place).map(([address, at]) => {
    if (isIP(address) === 0) at.invalid("is no IP address");
    return address;
  });
}

function profilesOf(given: FileService["profiles"], place: Place): string[] {
  return items(given, place).map(([profile, at]) => {
    if (!PROFILE_NAME.pattern.test(profile)) at.invalid("can't be the name of a profile", PROFILE_NAME.words);
    return profile;
  });
}

function loggingOf(given: FileService["logging"], place: Place): Service["logging"] {
  if (given === undefined) return undefined;
  return compact<NonNullable<Service["logging"]>>({
    driver: given.driver,
    options: normalizePairs(given.options, place.at("options")),
  });
}
