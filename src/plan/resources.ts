import type { Project } from "../project/model.ts";
import type { Volume } from "../project/resource-model.ts";
import { canonicalJson, compareText, sha256 } from "../std/digest.ts";
import { concealedOptions, definitionLabel, definitionReasons } from "./definition.ts";
import { LABEL } from "./labels.ts";
import type { Observed, ObservedNetwork, ObservedVolume } from "./observed.ts";
import type { ActionId } from "./plan.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { CanonicalSpec } from "./spec-value.ts";

/** Digest of what a volume is made with and keeps. */
export function volumeDigest({ driver = "local", driverOpts, labels }: Volume): string {
  return sha256(canonicalJson({ driver, driverOpts, labels }));
}

/** What a volume is made with, by the file's names. */
function definitionOf({ driver = "local", driverOpts, labels }: Volume): CanonicalSpec {
  return { driver, driver_opts: concealedOptions(driverOpts), labels };
}

/** Labels of an own volume. */
export function volumeLabels(project: Project, volume: Volume): Readonly<Record<string, string>> {
  return {
    ...volume.labels,
    [LABEL.project]: project.name,
    [LABEL.file]: project.file,
    [LABEL.volume]: volume.key,
    [LABEL.spec]: definitionLabel(definitionOf(volume)),
    [LABEL.specDigest]: volumeDigest(volume),
  };
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
    if (isRedefined(volume, found)) {
      to.builder.notices.push(
        `volume ${key} has changed in the file (${changedMembers(volume, found)}) and is kept as it was made, with its data; to make it anew, save its data and remove it with "docker volume rm ${name}"`,
      );
    }
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

/** `driver_opts, labels`. */
function changedMembers(volume: Volume, { labels }: ObservedVolume): string {
  const reasons = definitionReasons(labels, { path: "", wanted: definitionOf(volume) });
  return reasons.map(({ path = "" }) => path.slice(1) || "its definition").join(", ");
}

/** True when the file describes another volume than the one that is there, as far as that one tells. */
function isRedefined(volume: Volume, { driver, labels }: ObservedVolume): boolean {
  const made = labels[LABEL.specDigest];
  return driver !== (volume.driver ?? "local") || (made !== undefined && made !== volumeDigest(volume));
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
