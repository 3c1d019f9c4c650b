import type { Project } from "../project/model.ts";
import { canonicalJson, compareText, type Digest, sha256 } from "../std/digest.ts";
import { topologicalOrder } from "../std/graph.ts";
import { slotPorts } from "./auto-ports.ts";
import { canonicalSpec, type Conceal, concealedSpec, concealing, replacingPart } from "./container-spec.ts";
import type { Inputs } from "./inputs.ts";
import { LABEL } from "./labels.ts";
import { type EffectiveService, effectiveService, type Mode } from "./mode.ts";
import { devTargets } from "./mount-rows.ts";
import type { Observed } from "./observed.ts";
import type { SlotRef } from "./operation.ts";
import type { WishedFile } from "./row.ts";
import type { CanonicalSpec } from "./spec-value.ts";

/** One container as the file wants it, before the id of its image is known. */
export interface WantedSlot {
  readonly slot: SlotRef;
  /** The container's name in the end. */
  readonly name: string;
  readonly service: EffectiveService;
  /** With environment values in clear: for the create body only. */
  readonly spec: CanonicalSpec;
  /** The same with environment values as hashes. */
  readonly labelSpec: CanonicalSpec;
  /** What the spec label holds: `labelSpec` as canonical JSON. */
  readonly specLabel: string;
  /** The key of its hashes. */
  readonly salt: string;
  /** Of the part of the spec whose difference needs a new container. */
  readonly specDigest: Digest;
  /** Host ports that dock chose, by what they are for. */
  readonly hostPorts: Readonly<Record<string, number>>;
  /** Container paths of anonymous dev volumes. */
  readonly devTargets: readonly string[];
  readonly mode: Mode;
}

/** The project's own labels that stand for the key of its hashed values: the one in use on the engine, else a new one. */
export function projectSalt(inputs: Inputs, observed: Observed): string {
  const salts = observed.containers.flatMap((container) => container.labels[LABEL.salt] ?? []);
  return salts.sort(compareText)[0] ?? inputs.salt;
}

/** Every container that the services want, by service and number. */
export function wantedSlots(
  project: Project,
  world: { readonly inputs: Inputs; readonly observed: Observed },
  request: { readonly mode: Mode; readonly services: readonly string[] },
): readonly WantedSlot[] {
  const salt = projectSalt(world.inputs, world.observed);
  const conceal = concealing(salt);
  return request.services.flatMap((key) => {
    const declared = project.services[key];
    if (!declared) throw new Error(`no service ${key}`);
    const service = effectiveService(declared, request.mode);
    return Array.from({ length: service.scale }, (_, index) => {
      const slot = { service: key, number: index + 1 };
      return wantedSlot(project, { slot, service, salt, conceal, ...world, mode: request.mode });
    });
  });
}

function wantedSlot(
  project: Project,
  of: {
    slot: SlotRef;
    service: EffectiveService;
    salt: string;
    conceal: Conceal;
    inputs: Inputs;
    observed: Observed;
    mode: Mode;
  },
): WantedSlot {
  const { slot, service, inputs } = of;
  const name = service.containerName ?? `${project.name}-${slot.service}-${slot.number}`;
  const user = service.user === "host" ? inputs.hostUser : service.user;
  const spec = canonicalSpec({
    service,
    environment: { ...inputs.environments[slot.service], ...service.environment },
    ...(user === undefined ? {} : { user }),
    networkNames: names(project.networks),
    volumeNames: names(project.volumes),
    aliases: [slot.service, name],
    secrets: wishedFiles("secrets", of),
    configs: wishedFiles("configs", of),
  });
  const labelSpec = concealedSpec(spec, of.conceal);
  return {
    slot,
    name,
    service,
    spec,
    labelSpec,
    specLabel: canonicalJson(labelSpec),
    salt: of.salt,
    get specDigest() {
      return sha256(canonicalJson(replacingPart(labelSpec)));
    },
    hostPorts: slotPorts(slot, service.ports, { observed: of.observed, freePorts: inputs.freePorts ?? {} }),
    devTargets: devTargets(service),
    mode: of.mode,
  };
}

/** What a service is given, with what was gathered of it. */
function wishedFiles(
  kind: "secrets" | "configs",
  {
    service,
    inputs,
    conceal,
  }: { readonly service: EffectiveService; readonly inputs: Inputs; readonly conceal: Conceal },
): readonly WishedFile[] {
  return service[kind].map(({ source, target, uid, gid, mode }) => {
    const content = inputs.grantedFiles?.[kind][source] ?? "";
    return { target, uid, gid, mode, hash: conceal(content) };
  });
}

/** The services that are meant when none is named: those without profiles, and those of the profiles asked for. */
export function enabledServices({ services, profiles }: Pick<Project, "services" | "profiles">): readonly string[] {
  const all = profiles.includes("*");
  return Object.values(services)
    .filter(
      (service) => all || service.profiles.length === 0 || service.profiles.some((name) => profiles.includes(name)),
    )
    .map(({ key }) => key)
    .sort(compareText);
}

/** The services asked for with all that they depend on, what is depended on first. */
export function selectServices(
  project: Project,
  selected: readonly string[] | undefined,
  noDeps: boolean,
): readonly string[] {
  const keys = selected ?? enabledServices(project);
  return topologicalOrder(keys, (key) => {
    if (noDeps) return [];
    return (project.services[key]?.dependsOn ?? []).map((dependency) => dependency.service);
  });
}

function names(things: Readonly<Record<string, { readonly name: string }>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(things).map(([key, { name }]) => [key, name]));
}
