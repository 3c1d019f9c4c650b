import { sha256 } from "../../src/std/digest.ts";
import { updatablePart } from "../../src/plan/container-spec.ts";
import { devVolumeLabels, devVolumeName } from "../../src/plan/dev-volume.ts";
import { imageIdOf } from "../../src/plan/input-digest.ts";
import type { Inputs } from "../../src/plan/inputs.ts";
import { LABEL } from "../../src/plan/labels.ts";
import { allMounts } from "../../src/plan/mode.ts";
import type { Observed, ObservedContainer, ObservedMount } from "../../src/plan/observed.ts";
import type { Operation, SlotRef } from "../../src/plan/operation.ts";
import { slotTarget } from "../../src/plan/operation.ts";
import type { Reconciled } from "../../src/plan/reconcile.ts";
import { networkLabels } from "../../src/plan/networks.ts";
import { volumeLabels } from "../../src/plan/resources.ts";
import { ownersOf } from "../../src/plan/shared-namespaces.ts";
import { projectSalt, type WantedSlot } from "../../src/plan/wanted.ts";
import type { Project } from "../../src/project/model.ts";

/** What a plan was made from. */
export interface PlannedWorld {
  readonly project: Project;
  readonly inputs: Inputs;
  readonly observed: Observed;
}

/** The engine after a plan, as if every operation had succeeded: the forty lines that say what operations mean. */
export function applyPlan(world: PlannedWorld, reconciled: Reconciled): Observed {
  let engine = structuredClone(world.observed) as Observed;
  for (const action of reconciled.plan.actions) {
    const condition = action.onlyIfImageIsNot;
    const wanted = condition && reconciled.images.get(condition.image);
    if (condition && wanted && imageIdOf(engine, wanted.ref) === condition.id) continue;
    engine = applyOperation(engine, action.operation, { world, reconciled });
  }
  return engine;
}

type Around = { readonly world: PlannedWorld; readonly reconciled: Reconciled };

function applyOperation(engine: Observed, operation: Operation, around: Around): Observed {
  const { project } = around.world;
  switch (operation.kind) {
    case "image.build":
      return retag(engine, `sha256:${sha256(operation.inputTags[0] ?? "")}`, [
        ...operation.inputTags,
        ...operation.tags,
      ]);
    case "image.pull":
      return retag(engine, `sha256:${sha256(operation.ref)}`, [operation.ref]);
    case "image.tag":
      return retag(engine, operation.from, [operation.to]);
    case "image.remove":
      return {
        ...engine,
        images: engine.images.map((image) => ({ ...image, tags: image.tags.filter((tag) => tag !== operation.ref) })),
      };
    case "network.create": {
      const network = project.networks[operation.network];
      if (!network) throw new Error("no network");
      const created = {
        id: sha256(`${operation.name}${engine.networks.length}new`),
        name: operation.name,
        labels: networkLabels(project, network),
        driver: "bridge",
      };
      return { ...engine, networks: [...engine.networks, created] };
    }
    case "network.remove":
      return { ...engine, networks: engine.networks.filter((network) => network.id !== operation.id) };
    case "network.connect":
      throw new Error("no plan has these yet");
    case "network.disconnect":
      return {
        ...engine,
        containers: engine.containers.map((container) =>
          container.id === operation.container
            ? { ...container, networks: withoutNetwork(container.networks, operation.network) }
            : container,
        ),
      };
    case "volume.create": {
      const { volume } = operation;
      if (volume.kind === "named") {
        const declared = project.volumes[volume.key];
        if (!declared) throw new Error("no volume");
        return {
          ...engine,
          volumes: [...engine.volumes, { name: volume.name, labels: volumeLabels(project, declared), driver: "local" }],
        };
      }
      const id = imageOf(engine, slotOf(around, volume.slot), around);
      const name = devVolumeName(project.name, volume, id);
      return {
        ...engine,
        volumes: [
          ...engine.volumes.filter((other) => other.name !== name),
          { name, labels: devVolumeLabels(project, volume, id), driver: "local" },
        ],
      };
    }
    case "volume.remove":
      return { ...engine, volumes: engine.volumes.filter((volume) => volume.name !== operation.name) };
    case "container.create":
      return {
        ...engine,
        containers: [
          ...engine.containers,
          container(engine, { slot: operation.slot, name: operation.name, state: "created" }, around),
        ],
      };
    case "container.replace": {
      const made = container(engine, { slot: operation.slot, name: operation.name, state: "running" }, around);
      return { ...engine, containers: [...engine.containers.filter((other) => other.id !== operation.id), made] };
    }
    case "container.start":
      return changed(engine, operation.id ?? latest(engine, operation.slot), { state: "running" });
    case "container.restart":
      return changed(engine, operation.id, { state: "running" });
    case "container.stop":
      return changed(engine, operation.id, { state: "exited" });
    case "container.rename":
      return changed(engine, operation.id, { name: operation.name });
    case "container.update":
      return changed(engine, operation.id, {
        settled: updatablePart(slotOf(around, operation.slot).labelSpec),
      });
    case "container.remove":
      return { ...engine, containers: engine.containers.filter((other) => other.id !== operation.id) };
    case "container.wait":
      return operation.until === "healthy"
        ? changed(engine, operation.id ?? latest(engine, operation.slot), { health: "healthy" })
        : engine;
  }
}

function retag(engine: Observed, id: string, tags: readonly string[]): Observed {
  const others = engine.images.map((image) => ({ ...image, tags: image.tags.filter((tag) => !tags.includes(tag)) }));
  const known = others.find((image) => image.id === id) ?? { id, tags: [], digests: [] };
  return {
    ...engine,
    images: [...others.filter((image) => image.id !== id), { ...known, tags: [...known.tags, ...tags] }],
  };
}

function changed(engine: Observed, id: string, change: Partial<ObservedContainer>): Observed {
  return {
    ...engine,
    containers: engine.containers.map((other) => (other.id === id ? { ...other, ...change } : other)),
  };
}

function latest(engine: Observed, slot: SlotRef): string {
  const own = engine.containers.filter(
    (other) => other.labels[LABEL.service] === slot.service && other.labels[LABEL.number] === String(slot.number),
  );
  return own.at(-1)?.id ?? "";
}

function slotOf(around: Around, slot: SlotRef): WantedSlot {
  const wanted = around.reconciled.slots.find((candidate) => slotTarget(candidate.slot) === slotTarget(slot));
  if (!wanted) throw new Error(`nobody wants ${slotTarget(slot)}`);
  return wanted;
}

function refOf(wanted: WantedSlot, around: Around): string {
  const { image } = wanted.service;
  return image.kind === "external" ? image.ref : (around.reconciled.images.get(image.key)?.ref ?? "");
}

function imageOf(engine: Observed, wanted: WantedSlot, around: Around): string {
  return imageIdOf(engine, refOf(wanted, around)) ?? "";
}

/** Of several containers in a slot the last one that was made. */
function ownersLabel(engine: Observed, { service }: WantedSlot): Readonly<Record<string, string>> {
  const owners = ownersOf(service).map((owner) => [owner, latest(engine, { service: owner, number: 1 })]);
  return owners.length === 0 ? {} : { [LABEL.owners]: JSON.stringify(Object.fromEntries(owners)) };
}

function container(
  engine: Observed,
  of: { readonly slot: SlotRef; readonly name: string; readonly state: "created" | "running" },
  around: Around,
): ObservedContainer {
  const { project, inputs, observed } = around.world;
  const wanted = slotOf(around, of.slot);
  const salt = projectSalt(inputs, observed);
  const imageId = imageOf(engine, wanted, around);
  const mounts: ObservedMount[] = allMounts(wanted.service).flatMap((mount): ObservedMount[] => {
    if (wanted.devTargets.includes(mount.target)) return [];
    const source =
      mount.kind === "bind" ? mount.source : mount.kind === "volume" ? (project.volumes[mount.volume]?.name ?? "") : "";
    return [
      {
        kind: mount.kind === "anonymous" ? "volume" : mount.kind === "image" ? "other" : mount.kind,
        source,
        target: mount.target,
      },
    ];
  });
  const dev = wanted.devTargets.map((path): ObservedMount => ({
    kind: "volume",
    source: devVolumeName(project.name, { slot: of.slot, path }, imageId),
    target: path,
  }));
  const networks = wanted.service.networks.map(({ network }) => {
    const name = project.networks[network]?.name ?? "";
    return [name, engine.networks.find((other) => other.name === name)?.id ?? ""];
  });
  return {
    id: sha256(`${of.name}${wanted.specDigest}${imageId}${engine.containers.length}`),
    name: of.name,
    state: of.state,
    imageId,
    imageRef: refOf(wanted, around),
    created: engine.containers.length,
    labels: {
      [LABEL.project]: project.name,
      [LABEL.file]: project.file,
      [LABEL.service]: of.slot.service,
      [LABEL.number]: String(of.slot.number),
      [LABEL.spec]: wanted.specLabel,
      [LABEL.specDigest]: wanted.specDigest,
      [LABEL.salt]: salt,
      [LABEL.mode]: wanted.mode,
      ...ownersLabel(engine, wanted),
      [LABEL.ports]: JSON.stringify(wanted.hostPorts),
      ...(wanted.service.image.kind === "built"
        ? { [LABEL.input]: around.reconciled.images.get(wanted.service.image.key)?.digest ?? "" }
        : {}),
    },
    mounts: [...mounts, ...dev],
    networks: Object.fromEntries(networks) as Record<string, string>,
    ports: wanted.service.ports.map((port) => ({
      hostIp: port.hostIp,
      containerPort: port.containerPort,
      protocol: port.protocol,
      ...(port.hostPort === undefined ? {} : { hostPort: port.hostPort }),
    })),
    ...(wanted.service.healthcheck?.kind === "probe" ? { health: "starting" as const } : {}),
  };
}

function withoutNetwork(networks: Readonly<Record<string, string>>, id: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(networks).filter(([, own]) => own !== id));
}
