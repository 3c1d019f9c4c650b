import { lstat, mkdir } from "node:fs/promises";
import { DockError } from "../error.ts";
import { portKey } from "../plan/chosen-ports.ts";
import { type ContainerBody, emptyBody, type MountBody } from "../plan/container-body.ts";
import { writeSettled } from "../gather/settled.ts";
import { updatablePart, writeSpec } from "../plan/container-spec.ts";
import { devVolumeName } from "../plan/dev-volume.ts";
import { fileVolumeLabels, fileVolumeName } from "../plan/file-volume.ts";
import { LABEL } from "../plan/labels.ts";
import { allMounts } from "../plan/mode.ts";
import { ambiguousNetworks } from "../plan/networks.ts";
import { slotTarget } from "../plan/operation.ts";
import { probedSoon } from "../plan/start-probes.ts";
import type { WantedSlot } from "../plan/wanted.ts";
import { canonicalJson } from "../std/digest.ts";
import { createUnderName } from "./claim-name.ts";
import { claimVolumes } from "./claim-volumes.ts";
import { deliverFiles, refuseHiddenFiles, withFileVolumes } from "./deliver-files.ts";
import type { Execution } from "./execution.ts";
import { joinNamespaces } from "./joined-namespaces.ts";
import { makeMountPoints } from "./mount-points.ts";
import { patience } from "./patience.ts";
import { currentImage, type SlotImageNow } from "./slot-image.ts";

/** A container of `run`: no slot of its service, with anonymous volumes of its own. */
export interface OneOff {
  /** The engine removes it when it ends. */
  readonly autoRemove: boolean;
}

/** A container to be made. */
export interface NewContainer {
  readonly wanted: WantedSlot;
  readonly name: string;
  /** There for one that is in no slot. */
  readonly oneOff?: OneOff;
}

/** Creates a container under a name, connected to all its networks; it is not started. Returns its id. */
export async function createSlotContainer(
  execution: Execution,
  of: NewContainer,
  signal: AbortSignal,
): Promise<string> {
  const { wanted, oneOff } = of;
  const image = await currentImage(execution, wanted, signal);
  await makeBindSources(wanted);
  const body = oneOff ? oneOffBody(execution, { wanted, image, oneOff }) : containerBody(execution, { wanted, image });
  if (!oneOff) body.HostConfig.Mounts = await claimVolumes(execution, { wanted, imageId: image.id, body }, signal);
  refuseHiddenFiles(wanted, body.HostConfig.Mounts);
  nameNetworksById(execution, body);
  // Engines before API 1.44 take one network at creation; the others are joined before the start.
  const [first, ...others] = Object.entries(body.NetworkingConfig.EndpointsConfig);
  body.NetworkingConfig = { EndpointsConfig: first ? Object.fromEntries([first]) : {} };
  const { platform } = wanted.service;
  const request = { name: of.name, body, ...(platform === undefined ? {} : { platform }) };
  const id = oneOff
    ? await execution.engine.createContainer(request, signal)
    : await createUnderName(execution, { request, slot: wanted.slot }, signal);
  try {
    for (const [network, endpoint] of others) {
      await execution.engine.connectNetwork(network, { container: id, endpoint: { ...endpoint } }, signal);
    }
    if (allMounts(wanted.service).some(({ kind }) => kind === "bind"))
      await makeMountPoints(execution.engine, id, signal);
    await deliverFiles(execution, { id, wanted }, signal);
    await execution.fill?.(wanted.slot.service, id, signal);
  } catch (error) {
    await removeUnfinished(execution, id);
    throw error;
  }
  if (oneOff) return id;
  execution.made.containers.set(slotTarget(wanted.slot), id);
  const { cacheDirectory } = execution.settings;
  await writeSettled(cacheDirectory, execution.project, { id, spec: updatablePart(wanted.labelSpec) });
  return id;
}

/** A name that two networks have names none of them. */
function nameNetworksById({ project, observed }: Execution, body: ContainerBody): void {
  const ids = ambiguousNetworks(project, observed);
  if (ids.size === 0) return;
  const { NetworkMode } = body.HostConfig;
  const mode = ids.get(NetworkMode ?? "");
  if (mode !== undefined) body.HostConfig.NetworkMode = mode;
  const endpoints = Object.entries(body.NetworkingConfig.EndpointsConfig);
  body.NetworkingConfig = {
    EndpointsConfig: Object.fromEntries(endpoints.map(([name, endpoint]) => [ids.get(name) ?? name, endpoint])),
  };
}

/** How long cleaning up after a failure may take. */
const CLEANUP_MS = 30_000;

/** One that can't be removed now is seen, and not taken for a whole one, by the next run. */
async function removeUnfinished({ engine }: Execution, id: string): Promise<void> {
  try {
    await engine.removeContainer(id, { volumes: false }, patience(CLEANUP_MS, "remove an unfinished container"));
  } catch (error) {
    if (!(error instanceof DockError)) throw error;
  }
}

function containerBody(
  execution: Execution,
  of: { readonly wanted: WantedSlot; readonly image: SlotImageNow },
): ContainerBody {
  const { project, observed } = execution;
  const { wanted, image } = of;
  const body = emptyBody(image.ref);
  writeSpec(wanted.spec, body);
  if (body.Healthcheck) body.Healthcheck = probedSoon(body.Healthcheck, observed.engine.apiVersion);
  joinNamespaces(execution, wanted, body);
  bindChosenPorts(wanted, body);
  body.Labels = {
    ...body.Labels,
    [LABEL.project]: project.name,
    [LABEL.file]: project.file,
    [LABEL.service]: wanted.slot.service,
    [LABEL.number]: String(wanted.slot.number),
    [LABEL.spec]: wanted.specLabel,
    [LABEL.specDigest]: wanted.specDigest,
    [LABEL.salt]: wanted.salt,
    [LABEL.mode]: wanted.mode,
    ...(image.inputDigest === undefined ? {} : { [LABEL.input]: image.inputDigest }),
  };
  const mounts = withDevVolumes(body, wanted, (path) =>
    devVolumeName(project.name, { slot: wanted.slot, path }, image.id),
  );
  body.HostConfig.Mounts = withFileVolumes(mounts, wanted, (directory) => ({
    name: fileVolumeName(project.name, wanted, { directory, imageId: image.id }),
    labels: fileVolumeLabels(project, wanted.slot, directory),
  }));
  return body;
}

/** Publishes the host ports that dock chose, and keeps them in a label: a stopped container does not tell its own. */
function bindChosenPorts({ service, hostPorts }: WantedSlot, body: ContainerBody): void {
  if (Object.keys(hostPorts).length === 0) return;
  const bindings = { ...body.HostConfig.PortBindings };
  for (const port of service.ports) {
    const chosen = port.auto ? hostPorts[portKey(port)] : undefined;
    if (chosen === undefined) continue;
    const target = `${port.containerPort}/${port.protocol}`;
    const others = (bindings[target] ?? []).filter(({ HostIp, HostPort }) => HostIp !== port.hostIp || HostPort !== "");
    bindings[target] = [...others, { HostIp: port.hostIp, HostPort: String(chosen) }];
  }
  body.HostConfig.PortBindings = bindings;
  body.Labels = { ...body.Labels, [LABEL.ports]: canonicalJson(hostPorts) };
}

/** No label that names a slot or a spec: nothing takes it for a container of its service. */
function oneOffBody(
  execution: Execution,
  of: { readonly wanted: WantedSlot; readonly image: SlotImageNow; readonly oneOff: OneOff },
): ContainerBody {
  const { project } = execution;
  const { wanted } = of;
  const body = emptyBody(of.image.ref);
  writeSpec(wanted.spec, body);
  joinNamespaces(execution, wanted, body);
  body.Labels = {
    ...body.Labels,
    [LABEL.project]: project.name,
    [LABEL.file]: project.file,
    [LABEL.service]: wanted.slot.service,
    [LABEL.oneOff]: "true",
  };
  body.StdinOnce = body.OpenStdin;
  body.HostConfig.AutoRemove = of.oneOff.autoRemove;
  body.HostConfig.Mounts = withFileVolumes(
    withDevVolumes(body, wanted, () => undefined),
    wanted,
    undefined,
  );
  return body;
}

/** The mounts with the slot's dev volumes, which have no name where `nameOf` gives none. */
function withDevVolumes(
  body: ContainerBody,
  wanted: WantedSlot,
  nameOf: (path: string) => string | undefined,
): readonly MountBody[] {
  const dev = wanted.devTargets.map((path): MountBody => {
    const name = nameOf(path);
    return { Type: "volume", ...(name === undefined ? {} : { Source: name }), Target: path };
  });
  const taken = new Set(wanted.devTargets);
  return [...body.HostConfig.Mounts.filter((mount) => !taken.has(mount.Target)), ...dev];
}

/** Makes the bind sources that the file wants made, as this user's directories. */
async function makeBindSources(wanted: WantedSlot): Promise<void> {
  for (const mount of allMounts(wanted.service)) {
    if (mount.kind !== "bind" || !mount.createHostPath || (await exists(mount.source))) continue;
    try {
      await mkdir(mount.source, { recursive: true });
    } catch (error) {
      throw new DockError("operation-failed", `could not make the bind source ${mount.source}: ${String(error)}`, {
        hint: "make it yourself, or mount another directory",
        cause: error,
      });
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
