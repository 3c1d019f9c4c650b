import { findCycle } from "../std/graph.ts";
import { quote } from "./findings.ts";
import type { Image } from "./image-model.ts";
import type { Network, Volume } from "./resource-model.ts";
import type { Service } from "./service-model.ts";
import { sharedService } from "./namespaces.ts";
import { checkPorts } from "./port-claims.ts";
import type { Scope } from "./place.ts";
import { warnOfRoot } from "./risks.ts";

const MAX_ARROWS = 12;

/** Checks what parts of the project say about each other: cycles, names and ports that two of them claim. */
export function link(images: readonly Image[], services: readonly Service[], scope: Scope): void {
  checkServiceCycle(services, scope);
  checkImageCycle(images, scope);
  checkTags(images, scope);
  checkContainerNames(services, scope);
  checkHealth(services, scope);
  checkIpc(services, scope);
  checkPorts(services, scope);
  warnOfRoot(services, scope);
}

function checkServiceCycle(services: readonly Service[], scope: Scope): void {
  const byKey = new Map(services.map((service) => [service.key, service]));
  const cycle = findCycle(
    byKey.keys(),
    (key) =>
      byKey
        .get(key)
        ?.dependsOn.map(({ service }) => service)
        .filter((name) => byKey.has(name)) ?? [],
  );
  if (!cycle) return;
  const message = `services wait for one another: ${arrows(cycle)}`;
  scope.findings.errorAtKey(["services", cycle[0] ?? "", "depends_on"], { code: "dependency-cycle", message });
}

function checkImageCycle(images: readonly Image[], scope: Scope): void {
  const byKey = new Map(images.map((image) => [image.key, image]));
  const needs = (key: string): string[] =>
    Object.values(byKey.get(key)?.contexts ?? {}).flatMap((context) =>
      context.kind === "image" && byKey.has(context.key) ? [context.key] : [],
    );
  const cycle = findCycle(byKey.keys(), needs);
  if (!cycle) return;
  const at = byKey.get(cycle[0] ?? "")?.at;
  scope.findings.errorAt(at, { code: "dependency-cycle", message: `images need one another: ${arrows(cycle)}` });
}

function checkTags(images: readonly Image[], scope: Scope): void {
  const owners = new Map<string, Image>();
  for (const image of images) {
    for (const tag of image.tags) {
      const other = owners.get(tag);
      if (!other) owners.set(tag, image);
      else {
        const related = [{ message: "the other image", at: other.at }];
        scope.findings.errorAt(image.at, {
          code: "duplicate-tag",
          message: `the images ${quote(other.key)} and ${quote(image.key)} have a tag in common`,
          related,
        });
      }
    }
  }
}

/** Names that the file gives must differ from one another and from those that dock gives, `<project>-<service>-<n>`. */
function checkContainerNames(services: readonly Service[], scope: Scope): void {
  const byKey = new Map(services.map((service) => [service.key, service]));
  const owners = new Map<string, Service>();
  for (const service of services) {
    const name = service.containerName?.toLowerCase();
    if (name === undefined) continue;
    const prefix = `${scope.projectName}-`;
    const [, key = "", number] =
      /^(.*)-([1-9]\d*)$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : "") ?? [];
    const numbered = byKey.get(key);
    const isTaken = numbered && numbered.containerName === undefined && Number(number) <= numbered.scale;
    const other = owners.get(name) ?? (isTaken ? numbered : undefined);
    owners.set(name, service);
    if (!other || other === service) continue;
    const related = [{ message: "the other service", at: other.at }];
    const message = `containers of ${quote(other.key)} and ${quote(service.key)} have the same name`;
    scope.findings.errorAtKey(["services", service.key, "container_name"], {
      code: "duplicate-container-name",
      message,
      related,
    });
  }
}

/** Reports networks, or volumes, that are one thing on the engine. */
export function checkEngineNames(
  things: readonly (Network | Volume)[],
  kind: "networks" | "volumes",
  scope: Scope,
): void {
  const owners = new Map<string, Network | Volume>();
  for (const thing of things) {
    const other = owners.get(thing.name);
    owners.set(thing.name, thing);
    if (!other) continue;
    const related = [{ message: "the other one", at: other.at }];
    const message = `the ${kind} ${quote(other.key)} and ${quote(thing.key)} have the same name on the engine`;
    scope.findings.errorAtKey([kind, thing.key], { code: "duplicate-name", message, related });
  }
}

/** Waiting for a health that is switched off would never end. */
function checkHealth(services: readonly Service[], scope: Scope): void {
  const off = new Set(
    services.filter((service) => service.healthcheck?.kind === "disabled").map((service) => service.key),
  );
  for (const service of services) {
    for (const { service: name, condition } of service.dependsOn) {
      if (condition !== "healthy" || !off.has(name)) continue;
      const message = `${quote(name)} can't become healthy: its health check is disabled`;
      scope.findings.errorAtKey(["services", service.key, "depends_on", name], { code: "conflicting-keys", message });
    }
  }
}

/** The engine lets a container into another one's IPC namespace only where that one says so. */
function checkIpc(services: readonly Service[], scope: Scope): void {
  const byKey = new Map(services.map((service) => [service.key, service]));
  for (const service of services) {
    const shared = sharedService(service.ipc);
    const owner = shared === undefined ? undefined : byKey.get(shared);
    if (!owner || owner.ipc === "shareable" || sharedService(owner.ipc) !== undefined) continue;
    const hint = `set \`ipc: shareable\` for ${quote(owner.key)}`;
    const message = `the IPC namespace of ${quote(owner.key)} is not open to others`;
    scope.findings.error(["services", service.key, "ipc"], { code: "conflicting-keys", message, hint });
  }
}

/** `a → b → a`, with the middle left out of a long one. */
function arrows(cycle: readonly string[]): string {
  const shown = cycle.length > MAX_ARROWS ? [...cycle.slice(0, MAX_ARROWS - 2), "…", ...cycle.slice(-1)] : cycle;
  return shown.join(" → ");
}
