import { randomBytes } from "node:crypto";
import { createSlotContainer } from "../execute/create-container.ts";
import { withProjectLock } from "../execute/lock.ts";
import type { CanonicalSpec, SpecValue } from "../plan/spec-value.ts";
import { slotTarget } from "../plan/operation.ts";
import type { Action } from "../plan/plan.ts";
import type { PlanRequest } from "../plan/request.ts";
import { type WantedSlot, wantedSlots } from "../plan/wanted.ts";
import type { Project } from "../project/model.ts";
import type { Service } from "../project/service-model.ts";
import { converge, executionOf, projectLock } from "./converge.ts";
import type { Session } from "./session.ts";
import type { World } from "./world.ts";

/** A container of a service beside its slots, for one command. */
export interface OneOffWish {
  readonly project: Project;
  readonly service: Service;
  /** What is different from the service's own containers. */
  readonly changed: Service;
  /** Undefined: one that nobody else has. */
  readonly name: string | undefined;
  readonly autoRemove: boolean;
  /** Whether it answers to the service's names on its networks. */
  readonly useAliases: boolean;
  readonly request: PlanRequest;
}

/** A container that was made and not started. */
export interface OneOffContainer {
  readonly id: string;
  readonly name: string;
}

/**
 * Brings up what the service depends on and makes what its containers need, then creates a container that is in no slot
 * and gives it to `use` while the project's lock is held. The service's own containers are left as they are.
 */
export async function withOneOff<T>(
  session: Session,
  wish: OneOffWish,
  use: (container: OneOffContainer) => Promise<T>,
): Promise<T> {
  const { service } = wish;
  // For the surroundings one container without a name or ports of its own stands for the service.
  const { containerName: _, ...plain } = service;
  const stand: Project = withService(wish.project, { ...plain, scale: 1, ports: [] });
  const { last } = await converge(
    session,
    { project: stand, request: { ...wish.request, services: [service.key] } },
    { only: (action) => !isOwn(action, service.key) },
  );
  const name = wish.name ?? `${wish.project.name}-${service.key}-run-${randomBytes(6).toString("hex")}`;
  const wanted = oneOffSlot(last, { ...wish, name });
  return withProjectLock(await projectLock(session, wish.project), session.signal, async () => {
    const execution = executionOf(session, { ...last, project: wish.project }, {});
    const oneOff = { autoRemove: wish.autoRemove };
    // A call that has begun is finished: a container that nobody knows of would stay behind.
    const id = await createSlotContainer(execution, { wanted, name, oneOff }, new AbortController().signal);
    try {
      session.signal.throwIfAborted();
      return await use({ id, name });
    } catch (error) {
      await session.engine().removeContainer(id, { volumes: true }, AbortSignal.timeout(CLEANUP_MS));
      throw error;
    }
  });
}

/** How long cleaning up after a failure may take. */
const CLEANUP_MS = 30_000;

function withService(project: Project, service: Service): Project {
  return { ...project, services: { ...project.services, [service.key]: service } };
}

/** Whether an action is about the containers of a service, or the volumes of one of them. */
function isOwn({ target }: Action, service: string): boolean {
  return target.startsWith(slotTarget({ service, number: 1 }).slice(0, -1)) || target.startsWith(`volume:${service}/`);
}

function oneOffSlot(world: World, wish: OneOffWish & { readonly name: string }): WantedSlot {
  const { changed, name } = wish;
  const project = withService(wish.project, { ...changed, containerName: name, scale: 1 });
  const [wanted] = wantedSlots(project, world, { mode: world.request.mode, services: [changed.key] });
  if (!wanted) throw new Error(`no container of ${changed.key} is wanted`);
  return { ...wanted, spec: oneOffSpec(wanted.spec, wish.useAliases) };
}

/** Addresses belong to the service's own containers, and so do its names unless they are asked for. */
function oneOffSpec(spec: CanonicalSpec, useAliases: boolean): CanonicalSpec {
  const { networks, mac_address: _, ...rest } = spec;
  if (typeof networks !== "object") return rest;
  const attached = Object.entries(networks as Readonly<Record<string, Readonly<Record<string, SpecValue>>>>).map(
    ([network, { ipv4Address: _4, ipv6Address: _6, macAddress: _m, aliases = [], ...endpoint }]) =>
      [network, { ...endpoint, aliases: useAliases ? aliases : [] }] as const,
  );
  return { ...rest, networks: Object.fromEntries(attached) };
}
