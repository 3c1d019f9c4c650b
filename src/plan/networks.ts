import type { Project } from "../project/model.ts";
import type { Network } from "../project/resource-model.ts";
import { canonicalJson, compareText, sha256 } from "../std/digest.ts";
import { concealedOptions, definitionLabel, definitionReasons } from "./definition.ts";
import { LABEL } from "./labels.ts";
import type { Observed, ObservedContainer, ObservedNetwork } from "./observed.ts";
import type { ActionId } from "./plan.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { Reason } from "./reason.ts";
import { isOwn, ownerOf } from "./resources.ts";
import type { CanonicalSpec } from "./spec-value.ts";

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

/** What the networks of a plan are planned with. */
interface NetworkPlanning {
  readonly builder: PlanBuilder;
  /** Keys of the networks that are used. */
  readonly keys: readonly string[];
  /** Whether a container is left alone by this plan: then its networks have to be, too. */
  readonly stays: (container: ObservedContainer) => boolean;
}

/** Digest of what of a network can't be changed in place. */
export function networkDigest(network: Network): string {
  const { driver, driverOpts, labels, internal, attachable, enableIpv6, ipam } = network;
  return sha256(canonicalJson({ driver, driverOpts, labels, internal, attachable, enableIpv6, ipam }));
}

/** What a network is made with, by the file's names. */
function definitionOf({ driver, driverOpts, labels, internal, attachable, enableIpv6, ipam }: Network): CanonicalSpec {
  return {
    ...(driver === undefined ? {} : { driver }),
    driver_opts: concealedOptions(driverOpts),
    labels,
    internal,
    attachable,
    enable_ipv6: enableIpv6,
    ...(ipam === undefined ? {} : { ipam: canonicalJson(ipam) }),
  };
}

/** Labels of an own network. */
export function networkLabels(project: Project, network: Network): Readonly<Record<string, string>> {
  return {
    ...network.labels,
    [LABEL.project]: project.name,
    [LABEL.file]: project.file,
    [LABEL.network]: network.key,
    [LABEL.spec]: definitionLabel(definitionOf(network)),
    [LABEL.specDigest]: networkDigest(network),
  };
}

/** Ids of own networks that may have to go: who else is connected to them decides. */
export function doubtfulNetworks(project: Project, observed: Observed): readonly string[] {
  const own = observed.networks.filter((network) => isOwn(project, network));
  return own
    .filter((network) => {
      const declared = Object.values(project.networks).find(({ name }) => name === network.name);
      const alone = own.filter(({ name }) => name === network.name).length === 1;
      return !declared || declared.external || !alone || network.labels[LABEL.specDigest] !== networkDigest(declared);
    })
    .map(({ id }) => id);
}

/** Plans the networks that the given keys name. */
export function planNetworks(
  project: Project,
  observed: Observed,
  to: NetworkPlanning,
): ReadonlyMap<string, WantedNetwork> {
  const wanted = new Map<string, WantedNetwork>();
  for (const key of to.keys.toSorted(compareText)) {
    const network = project.networks[key];
    if (!network) throw new Error(`no network ${key}`);
    wanted.set(key, planNetwork(project, network, { ...to, observed }));
  }
  return wanted;
}

function planNetwork(
  project: Project,
  network: Network,
  to: NetworkPlanning & { readonly observed: Observed },
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
  const own = keptNetwork(
    named.filter((other) => isOwn(project, other)),
    to.observed,
  );
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
  const reasons = definitionReasons(own.labels, { path: `networks.${key}`, wanted: definitionOf(network) });
  const staying = connectedTo(own, to.observed.containers).filter(to.stays);
  const [other] = staying;
  if (other) {
    to.builder.notices.push(
      `network ${key} has changed in the file and is kept as it is: ${other.name}, which this run leaves alone, is on it`,
    );
    to.builder.unchanged(target);
    return { key, name, id: own.id };
  }
  refuseStrangers(own, to);
  const remove = to.builder.add(target, { kind: "network.remove", id: own.id, name }, { reasons });
  return { key, name, create: create(reasons, remove), remove };
}

/** Names that several own networks have, which engines before API 1.44 let happen, with the id of the one that is kept. */
export function ambiguousNetworks(
  project: { readonly name: string; readonly file: string },
  observed: Observed,
): ReadonlyMap<string, string> {
  const ambiguous = new Map<string, string>();
  for (const { name } of observed.networks) {
    const own = observed.networks.filter((network) => network.name === name && isOwn(project, network));
    const kept = keptNetwork(own, observed);
    if (own.length > 1 && kept) ambiguous.set(name, kept.id);
  }
  return ambiguous;
}

/** Of several the one in use is kept, else that with the smallest id. */
function keptNetwork(own: readonly ObservedNetwork[], { containers }: Observed): ObservedNetwork | undefined {
  const users = (network: ObservedNetwork): number => connectedTo(network, containers).length;
  return own.toSorted((a, b) => users(b) - users(a) || compareText(a.id, b.id))[0];
}

/** Own containers on a network. */
function connectedTo({ id }: ObservedNetwork, containers: readonly ObservedContainer[]): readonly ObservedContainer[] {
  return containers.filter((container) => Object.values(container.networks).includes(id));
}

/** A network that has to be made anew can't be while somebody else's container is on it. */
function refuseStrangers(
  network: ObservedNetwork,
  to: { readonly builder: PlanBuilder; readonly observed: Observed },
): void {
  const [stranger] = strangersOn(network, to.observed);
  if (stranger === undefined) return;
  to.builder.conflicts.push({
    kind: "network-in-use",
    name: network.name,
    message: `network "${network.name}" has changed and has to be made anew, but container ${stranger}, which is not one of this project's services, is on it`,
    hint: `remove that container, or take it off: docker network disconnect ${network.name} ${stranger}`,
  });
}

function strangersOn({ members = [] }: ObservedNetwork, { containers }: Observed): readonly string[] {
  const own = new Set(containers.map(({ id }) => id));
  return members.filter((member) => !own.has(member.id)).map(({ name }) => name);
}

/**
 * Plans the removal of own networks that are in nobody's way: those of former files where `orphans` go, and second ones
 * of a name. One that a container stays on is left, which is said. Called when all containers are planned.
 */
export function planSpareNetworks(
  project: Project,
  observed: Observed,
  to: {
    readonly builder: PlanBuilder;
    readonly wanted: ReadonlyMap<string, WantedNetwork>;
    readonly orphans: boolean;
  },
): void {
  const { builder } = to;
  const removed = new Set(
    builder.actions().flatMap(({ operation }) => (operation.kind === "network.remove" ? [operation.id] : [])),
  );
  const declared = new Set(Object.values(project.networks).map(({ name }) => name));
  const kept = new Map([...to.wanted.values()].map(({ name, id }) => [name, id]));
  for (const network of observed.networks.toSorted((a, b) => compareText(a.id, b.id))) {
    if (!isOwn(project, network) || removed.has(network.id)) continue;
    const second = kept.has(network.name) && kept.get(network.name) !== network.id;
    if (!second && (declared.has(network.name) || !to.orphans)) continue;
    const leaving = connectedTo(network, observed.containers).map(({ id }) => leavingAction(builder, id));
    const [stranger] = strangersOn(network, observed);
    if (stranger !== undefined || leaving.includes(undefined)) {
      builder.notices.push(`network ${network.name} is not used any more and is left: a container is still on it`);
      continue;
    }
    const removal = builder.add(
      `network:${network.labels[LABEL.network] ?? network.name}`,
      { kind: "network.remove", id: network.id, name: network.name },
      { reasons: [{ code: second ? "leftover" : "orphan" }], after: leaving, qualifier: network.id.slice(0, 12) },
    );
    if (second) startAfter(removal, { builder, observed, name: network.name });
  }
}

/** The engine starts no container that is on a network by its name while two have that name. */
function startAfter(
  removal: ActionId,
  of: { readonly builder: PlanBuilder; readonly observed: Observed; readonly name: string },
): void {
  const named = new Set(of.observed.containers.flatMap(({ id, networks }) => (of.name in networks ? [id] : [])));
  for (const { id, operation } of of.builder.actions()) {
    if (operation.kind === "container.start" && operation.id !== undefined && named.has(operation.id))
      of.builder.order(id, removal);
  }
}

/** The action after which a container is gone. */
function leavingAction(builder: PlanBuilder, container: string): ActionId | undefined {
  return builder
    .actions()
    .find(
      ({ operation }) =>
        (operation.kind === "container.remove" || operation.kind === "container.replace") && operation.id === container,
    )?.id;
}
