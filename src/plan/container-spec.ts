import { keyedDigest } from "../std/digest.ts";
import { type ContainerBody, emptyBody, type HostConfigBody } from "./container-body.ts";
import { FILE_ROWS } from "./file-rows.ts";
import { ISOLATION_ROWS } from "./isolation-rows.ts";
import { MOUNT_ROWS } from "./mount-rows.ts";
import { NETWORK_ROWS } from "./network-rows.ts";
import type { ObservedLive } from "./observed.ts";
import { PROCESS_ROWS } from "./process-rows.ts";
import { RESOURCE_ROWS } from "./resource-rows.ts";
import type { ContainerWish, EngineNeed, Row } from "./row.ts";
import type { CanonicalSpec, SpecValue } from "./spec-value.ts";

/** The table: adding an attribute is adding a row. */
const ROWS: ReadonlyMap<string, Row<SpecValue>> = new Map(
  Object.entries({
    ...PROCESS_ROWS,
    ...NETWORK_ROWS,
    ...MOUNT_ROWS,
    ...FILE_ROWS,
    ...ISOLATION_ROWS,
    ...RESOURCE_ROWS,
  }),
);

/** Those that change in place. */
const UPDATABLE: readonly string[] = [...ROWS].flatMap(([name, { inPlace }]) => (inPlace ? [name] : []));

/** Every property that the table has. */
export const PROPERTIES: readonly string[] = [...ROWS.keys()];

/** The container's properties as they are; environment values stand in clear, so this must not leave the process. */
export function canonicalSpec(wish: ContainerWish): CanonicalSpec {
  const spec: Record<string, SpecValue> = {};
  for (const [name, { read }] of ROWS) {
    const value = read(wish);
    if (value !== undefined) spec[name] = value;
  }
  return spec;
}

/** Makes of values what stands for them in labels. */
export type Conceal = (value: string) => string;

/** Conceals under `salt`; a value that many containers have is hashed once. */
export function concealing(salt: string): Conceal {
  const known = new Map<string, string>();
  return (value) => {
    const concealed = known.get(value) ?? concealedValue(salt, value);
    known.set(value, concealed);
    return concealed;
  };
}

/** The same with environment values as hashes: what the spec label holds. */
export function concealedSpec(spec: CanonicalSpec, conceal: Conceal): CanonicalSpec {
  const environment = spec["environment"] as Readonly<Record<string, string>> | undefined;
  if (environment === undefined) return spec;
  const hashed = Object.entries(environment).map(([name, value]) => [name, conceal(value)] as const);
  return { ...spec, environment: Object.fromEntries(hashed) };
}

/** A value as it stands in labels. */
export function concealedValue(salt: string, value: string): string {
  return `hash:${keyedDigest(salt, value).slice(0, 16)}`;
}

/** The part of a spec whose difference needs a new container. */
export function replacingPart(spec: CanonicalSpec): CanonicalSpec {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => changeOf(name) === "replace"));
}

/** The part of a spec that a running container can get other values of. */
export function updatablePart(spec: CanonicalSpec): CanonicalSpec {
  const part: Record<string, SpecValue> = {};
  for (const name of UPDATABLE) {
    const value = spec[name];
    if (value !== undefined) part[name] = value;
  }
  return part;
}

/** What a difference in a property asks for; properties of another version of dock ask for a new container. */
export function changeOf(name: string): "replace" | "update" {
  return ROWS.get(name)?.inPlace ? "update" : "replace";
}

/** True when a property that changes in place can be taken away in place, too. */
export function isClearable(name: string): boolean {
  return ROWS.get(name)?.inPlace?.clear !== undefined;
}

/** What an inspected container has now of the properties that change in place. What the engine does not keep is not there. */
export function liveSpec(live: ObservedLive): CanonicalSpec {
  const spec: Record<string, SpecValue> = {};
  for (const [name, { inPlace }] of ROWS) {
    const value = inPlace?.live(live);
    if (value !== undefined) spec[name] = value;
  }
  return spec;
}

/** What of a spec an engine that speaks this API version at most would leave out. */
export function unmetNeeds(spec: CanonicalSpec, apiVersion: string): readonly EngineNeed[] {
  return [...ROWS].flatMap(([name, { needs }]) => {
    const value = spec[name];
    const need = value === undefined ? undefined : needs?.(value);
    return need && isOlder(apiVersion, need.api) ? [need] : [];
  });
}

/** Writes every property into a create body. */
export function writeSpec(spec: CanonicalSpec, body: ContainerBody): void {
  for (const [name, { write }] of ROWS) {
    const value = spec[name];
    if (value !== undefined) write(body, value);
  }
}

/** What `POST /containers/{id}/update` takes for a spec: all that changes in place. */
export function updateBody(spec: CanonicalSpec): Partial<HostConfigBody> {
  const body = emptyBody("");
  for (const [name, { write, inPlace }] of ROWS) {
    const value = spec[name];
    if (!inPlace) continue;
    if (value === undefined) inPlace.clear?.(body);
    else write(body, value);
  }
  const { Mounts: _mounts, PortBindings: _ports, ...update } = body.HostConfig;
  return update;
}

/** Orders API versions by their numbers: 1.9 is older than 1.41. */
export function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = than.split(".").map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}
