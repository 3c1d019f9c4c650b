import type { Network, Project, Volume } from "../project/model.ts";
import { canonicalJson, compareText, sha256 } from "../std/digest.ts";
import { LABEL } from "./labels.ts";
import type { Observed, ObservedNetwork, ObservedVolume } from "./observed.ts";
import type { ActionId } from "./plan.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { Reason } from "./reason.ts";

/** A network that services use, as the engine has it. */
export interface WantedNetwork {
  readonly key: string;
  readonly name: string;
  /** Undefined when it is not there. */
  readonly id?: string;
  /** The creation in the plan, when there is one. */
  readonly create?: ActionId;
  /** The removal of a former definition: containers on it must be gone before. */
  readonly remove?: ActionId;
}

/** Digest of what of a network can't be changed in place. */
export function networkDigest(network: Network): string {
  const { driver, driverOpts, labels, internal, attachable, enableIpv6 } = network;
  return sha256(canonicalJson({ driver, driverOpts, labels, internal, attachable, enableIpv6 }));
}

/** Labels of an own network. */
export function networkLabels(project: Project, network: Network): Readonly<Record<string, string>> {
  return {
    ...network.labels,
    [LABEL.project]: project.name,
    [LABEL.file]: project.file,
    [LABEL.network]: network.key,
    [LABEL.specDigest]: networkDigest(network),
  };
}

/** Labels of an own volume. */
export function volumeLabels(project: Project, volume: Volume): Readonly<Record<string, string>> {
  return { ...volume.labels, [LABEL.project]: project.name, [LABEL.file]: project.file, [LABEL.volume]: volume.key };
}

/** Plans the networks that the given keys name. */
export function planNetworks(
  project: Project,
  observed: Observed,
  to: { readonly builder: PlanBuilder; readonly keys: readonly string[] },
): ReadonlyMap<string, WantedNetwork> {
  const wanted = new Map<string, WantedNetwork>();
  for (const key of to.keys.toSorted(compareText)) {
    const network = project.networks[key];
    if (!network) throw new Error(`no network ${key}`);
    wanted.set(key, planNetwork(project, network, { observed, builder: to.builder }));
  }
  return wanted;
}

function planNetwork(
  project: Project,
  network: Network,
  to: { readonly observed: Observed; readonly builder: PlanBuilder },
): WantedNetwork {
  const { key, name } = network;
  const target = `network:${key}`;
  const named = to.observed.networks.filter((other) => other.name === name).sort((a, b) => compareText(a.id, b.id));
  if (network.external) {
    const found = named[0];
    if (found) return { key, name, id: found.id };
    to.builder.conflicts.push({
      kind: "external-missing",
      name,
      message: `network "${name}" is declared external and the engine has none of that name`,
      hint: `create it with "docker network create ${name}", or remove "external: true"`,
    });
    return { key, name };
  }
  const own = named.find((other) => isOwn(project, other));
  const foreign = named.find((other) => !isOwn(project, other));
  if (!own && foreign) {
    to.builder.conflicts.push({
      kind: "foreign-network",
      name,
      message: `network "${name}" belongs to ${ownerOf(foreign)}`,
      hint: `give network ${key} another "name:", or declare it "external: true" to use that one`,
    });
    return { key, name, id: foreign.id };
  }
  const create = (reasons: readonly Reason[], after?: ActionId): ActionId =>
    to.builder.add(target, { kind: "network.create", network: key, name }, { reasons, after: [after] });
  if (!own) return { key, name, create: create([{ code: "missing" }]) };
  if (own.labels[LABEL.specDigest] === networkDigest(network)) {
    to.builder.unchanged(target);
    return { key, name, id: own.id };
  }
  const reasons: readonly Reason[] = [{ code: "config-changed", path: `networks.${key}` }];
  const remove = to.builder.add(target, { kind: "network.remove", id: own.id, name }, { reasons });
  return { key, name, create: create(reasons, remove), remove };
}

/** Plans the named volumes that the given keys name. A changed definition of one that is there is left alone: its data is. */
export function planVolumes(
  project: Project,
  observed: Observed,
  to: { readonly builder: PlanBuilder; readonly keys: readonly string[] },
): ReadonlyMap<string, ActionId | undefined> {
  const created = new Map<string, ActionId | undefined>();
  for (const key of to.keys.toSorted(compareText)) {
    const volume = project.volumes[key];
    if (!volume) throw new Error(`no volume ${key}`);
    created.set(key, planVolume(project, volume, { observed, builder: to.builder }));
  }
  return created;
}

function planVolume(
  project: Project,
  volume: Volume,
  to: { readonly observed: Observed; readonly builder: PlanBuilder },
): ActionId | undefined {
  const { key, name } = volume;
  const found = to.observed.volumes.find((other) => other.name === name);
  if (volume.external) {
    if (!found) {
      to.builder.conflicts.push({
        kind: "external-missing",
        name,
        message: `volume "${name}" is declared external and the engine has none of that name`,
        hint: `create it with "docker volume create ${name}", or remove "external: true"`,
      });
    }
    return undefined;
  }
  if (!found) {
    return to.builder.add(
      `volume:${key}`,
      { kind: "volume.create", volume: { kind: "named", key, name } },
      { reasons: [{ code: "missing" }] },
    );
  }
  if (isOwn(project, found)) {
    to.builder.unchanged(`volume:${key}`);
    return undefined;
  }
  to.builder.conflicts.push({
    kind: "foreign-volume",
    name,
    message: `volume "${name}" belongs to ${ownerOf(found)}`,
    hint: `give volume ${key} another "name:", or declare it "external: true" to use that one`,
  });
  return undefined;
}

/** True when the object is this project file's: its labels name the project and the file (see `claim` for moved files). */
export function isOwn(
  project: { readonly name: string; readonly file: string },
  thing: { readonly labels: Readonly<Record<string, string>> },
): boolean {
  return thing.labels[LABEL.project] === project.name && thing.labels[LABEL.file] === project.file;
}

/** Who a foreign object belongs to, as far as its labels say. */
export function ownerOf(thing: { readonly labels: Readonly<Record<string, string>> }): string {
  const { labels } = thing;
  const dock = labels[LABEL.project];
  if (dock !== undefined) return `dock project "${dock}" (${labels[LABEL.file] ?? "file unknown"})`;
  const compose = labels["com.docker.compose.project"];
  if (compose !== undefined) return `Compose project "${compose}"`;
  return "nobody that dock knows (it carries no label of a project)";
}

/** Own networks and volumes, for teardown. */
export function ownResources(
  project: { readonly name: string; readonly file: string },
  observed: Observed,
): { readonly networks: readonly ObservedNetwork[]; readonly volumes: readonly ObservedVolume[] } {
  return {
    networks: observed.networks
      .filter((network) => isOwn(project, network))
      .sort((a, b) => compareText(a.name, b.name) || compareText(a.id, b.id)),
    volumes: observed.volumes.filter((volume) => isOwn(project, volume)).sort((a, b) => compareText(a.name, b.name)),
  };
}
