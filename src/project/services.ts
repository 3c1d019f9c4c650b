import { normalizeCommand } from "./command-words.ts";
import { normalizeDev } from "./dev.ts";
import type { Service as FileService } from "./file.gen.ts";
import { closest } from "../std/closest.ts";
import { quote } from "./findings.ts";
import { normalizeHealthcheck } from "./healthcheck.ts";
import { normalizeHosts, normalizeStrings } from "./host-names.ts";
import { normalizeLabels, normalizePairs, normalizeVariables } from "./key-values.ts";
import type { Dependency, EnvFile, Image, Service } from "./model.ts";
import { containerPath, normalizeMounts, normalizeTmpfs, withDistinctTargets, type PlacedMount } from "./mounts.ts";
import { normalizeAttachments } from "./networks.ts";
import { normalizeExpose, normalizePorts } from "./ports.ts";
import { normalizeDuration, normalizeSize, normalizeUlimits } from "./quantities.ts";
import { checkName, compact, hostPath, invalid, items, members, SERVICE_NAME, type Scope } from "./scope.ts";
import { resolveImage } from "./service-image.ts";
import type { Path } from "./tree.ts";

/** What a service is made from beside its own entry. */
export interface ServiceSurroundings {
  readonly key: string;
  readonly images: Readonly<Record<string, Image>>;
  readonly scope: Scope;
}

/** A service with its short forms spelled out; undefined when it has no image that can be named. */
export function normalizeService(
  file: FileService,
  path: Path,
  surroundings: ServiceSurroundings,
): Service | undefined {
  const { key, scope } = surroundings;
  const at = (name: string): Path => [...path, name];
  const text = (value: string | number | undefined, name: string): string | undefined =>
    value === undefined ? undefined : scope.findings.text(at(name));
  checkName(scope, path, SERVICE_NAME);
  const image = imageOf(file, path, surroundings);
  const workingDir =
    file.working_dir === undefined ? undefined : containerDirectory(file.working_dir, at("working_dir"), scope);
  const service = compact<Service>({
    key,
    image: image ?? { kind: "external", ref: "unknown" },
    command: normalizeCommand(file.command, at("command"), scope),
    entrypoint: normalizeCommand(file.entrypoint, at("entrypoint"), scope),
    environment: normalizeVariables(file.environment, at("environment"), scope),
    envFiles: envFilesOf(file.env_file, at("env_file"), scope),
    ports: normalizePorts(file.ports, at("ports"), { service: key, scope }),
    expose: normalizeExpose(file.expose, at("expose"), scope),
    mounts: withDistinctTargets(mountsOf(file, path, scope), scope),
    ...normalizeAttachments(file, path, scope),
    dependsOn: dependenciesOf(file.depends_on, at("depends_on"), surroundings),
    healthcheck:
      file.healthcheck === undefined ? undefined : normalizeHealthcheck(file.healthcheck, at("healthcheck"), scope),
    restart: restartOf(file.restart, at("restart"), scope),
    containerName: containerNameOf(file, path, scope),
    hostname: file.hostname,
    domainname: file.domainname,
    user: text(file.user, "user"),
    workingDir,
    labels: normalizeLabels(file.labels, at("labels"), scope),
    extraHosts: normalizeHosts(file.extra_hosts, at("extra_hosts"), scope),
    dns: normalizeStrings(file.dns),
    dnsSearch: normalizeStrings(file.dns_search),
    dnsOptions: normalizeStrings(file.dns_opt),
    capAdd: normalizeStrings(file.cap_add),
    capDrop: normalizeStrings(file.cap_drop),
    privileged: file.privileged ?? false,
    readOnly: file.read_only ?? false,
    shmSize: normalizeSize(file.shm_size, at("shm_size"), scope),
    ulimits: normalizeUlimits(file.ulimits, at("ulimits"), scope),
    sysctls: normalizePairs(file.sysctls, at("sysctls"), scope),
    securityOpt: normalizeStrings(file.security_opt),
    groupAdd: [...items(file.group_add)].map(([index]) => scope.findings.text([...at("group_add"), index])),
    init: file.init,
    tty: file.tty ?? false,
    stdinOpen: file.stdin_open ?? false,
    stopSignal: file.stop_signal,
    stopGracePeriod: normalizeDuration(file.stop_grace_period, at("stop_grace_period"), scope),
    logging:
      file.logging &&
      compact<NonNullable<Service["logging"]>>({
        driver: file.logging.driver,
        options: normalizePairs(file.logging.options, [...at("logging"), "options"], scope),
      }),
    platform: file.platform,
    pull: file.pull ?? "missing",
    scale: file.scale ?? 1,
    dev: file.dev && normalizeDev(file.dev, at("dev"), surroundings),
    at: scope.findings.at(path),
  });
  return image ? service : undefined;
}

function imageOf(
  file: FileService,
  path: Path,
  { key, images, scope }: ServiceSurroundings,
): Service["image"] | undefined {
  if (file.build !== undefined) return { kind: "built", key };
  if (file.image !== undefined) return resolveImage(file.image, [...path, "image"], { images, scope });
  // What was wrong with `image` or `build` has been said already.
  if (scope.findings.has([...path, "image"]) || scope.findings.has([...path, "build"])) return undefined;
  scope.findings.errorAtKey(path, {
    code: "missing-key",
    message: `the service ${quote(key)} has neither \`image\` nor \`build\``,
  });
  return undefined;
}

function containerDirectory(text: string, path: Path, scope: Scope): string | undefined {
  return text === "/" ? text : containerPath(text, path, scope);
}

function envFilesOf(given: FileService["env_file"], path: Path, scope: Scope): EnvFile[] {
  const list = typeof given === "string" ? [given] : (given ?? []);
  return [...items(list)].map(([index, item]) => {
    const { path: file, required = true, format = "env" } = typeof item === "string" ? { path: item } : item;
    const at = typeof given === "string" ? path : [...path, index];
    return { path: hostPath(file, scope), required, format, at: scope.findings.valueAt(at) };
  });
}

function mountsOf(file: FileService, path: Path, scope: Scope): PlacedMount[] {
  const placed = [
    ...normalizeMounts(file.mounts, [...path, "mounts"], scope),
    ...normalizeMounts(file.volumes, [...path, "volumes"], scope),
  ];
  const tmpfs = typeof file.tmpfs === "string" ? [file.tmpfs] : (file.tmpfs ?? []);
  for (const [index, text] of items(tmpfs)) {
    const at = typeof file.tmpfs === "string" ? [...path, "tmpfs"] : [...path, "tmpfs", index];
    const mount = normalizeTmpfs(text, at, scope);
    if (mount) placed.push({ mount, path: at });
  }
  return placed;
}

const CONDITIONS = {
  service_started: "started",
  service_healthy: "healthy",
  service_completed_successfully: "completed",
} as const;

function dependenciesOf(
  given: FileService["depends_on"],
  path: Path,
  { key, scope }: ServiceSurroundings,
): Dependency[] {
  const known = (name: string, at: Path): boolean => {
    if (scope.declared.services.has(name) && name !== key) return true;
    const better = closest(name, scope.declared.services);
    const hint = better === undefined || better === key ? undefined : `did you mean ${quote(better)}?`;
    const message =
      name === key
        ? "a service can't depend on itself"
        : `${Array.isArray(given) ? scope.findings.written(at) : quote(name)} is no service of this file`;
    const mistake = { code: name === key ? "dependency-cycle" : "unknown-service", message, hint };
    if (Array.isArray(given)) scope.findings.error(at, mistake);
    else scope.findings.errorAtKey(at, mistake);
    return false;
  };
  if (Array.isArray(given)) {
    const names = new Set(
      [...items(given)].filter(([index, name]) => known(name, [...path, index])).map(([, name]) => name),
    );
    return [...names].map((service): Dependency => ({ service, condition: "started", required: true, restart: false }));
  }
  const dependencies: Dependency[] = [];
  for (const [name, { condition = "service_started", required = true, restart = false }] of members(given)) {
    if (known(name, [...path, name]))
      dependencies.push({ service: name, condition: CONDITIONS[condition], required, restart });
  }
  return dependencies.toSorted((a, b) => (a.service < b.service ? -1 : 1));
}

function restartOf(given: string | undefined, path: Path, scope: Scope): Service["restart"] {
  const [policy = "no", times] = (given ?? "no").split(":", 2);
  if (policy === "on-failure" && (times === undefined || /^\d{1,6}$/.test(times)))
    return { policy, maxRetries: Number(times ?? 0) };
  if ((policy === "no" || policy === "always" || policy === "unless-stopped") && times === undefined)
    return { policy, maxRetries: 0 };
  invalid(scope, path, "is no restart policy", "use `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`");
  return { policy: "no", maxRetries: 0 };
}

function containerNameOf(file: FileService, path: Path, scope: Scope): string | undefined {
  const name = file.container_name;
  if (name === undefined) return undefined;
  const at = [...path, "container_name"];
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/.test(name))
    return invalid(scope, at, "can't be the name of a container", "use 2 to 128 letters, digits, `-`, `_` and `.`");
  if ((file.scale ?? 1) > 1) {
    scope.findings.error(at, {
      code: "conflicting-keys",
      message: "a service with `container_name` can't have `scale` above 1",
    });
  }
  return name;
}
