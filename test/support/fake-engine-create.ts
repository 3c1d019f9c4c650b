import { existsSync } from "node:fs";
import type { ContainerBody, MountBody } from "../../src/plan/container-body.ts";
import { type FakeRequest, Refusal, type Reply } from "./fake-engine-http.ts";
import {
  type FakeContainer,
  type FakeEndpoint,
  type FakeImage,
  type FakeMount,
  type FakeWorld,
  randomId,
} from "./fake-engine-state.ts";

/** Refuses names that an engine refuses, and those that another container has. */
export function checkName(world: FakeWorld, name: string, prefix = ""): void {
  if (!/^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
    const shown = prefix === "" ? name : `/${name}`;
    throw new Refusal(400, `${prefix}Invalid container name (${shown}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  const holder = world.containers.find((container) => container.name === name.replace(/^\//, ""));
  if (!holder) return;
  throw new Refusal(
    409,
    `${prefix}Conflict. The container name "/${holder.name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`,
  );
}

const NO_RESTART = { Name: "no", MaximumRetryCount: 0 };

/** `POST /containers/create`. */
export function createContainer(world: FakeWorld, request: FakeRequest): Reply {
  const body = request.body as unknown as ContainerBody;
  const name = request.query.get("name") ?? `fake_${randomId().slice(0, 8)}`;
  if (!/^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) checkName(world, name);
  if (!body.Image) throw new Refusal(400, "config cannot be empty in order to create a container");
  const endpoints = Object.keys(body.NetworkingConfig?.EndpointsConfig ?? {});
  if (endpoints.length > 1 && !world.since(44)) {
    throw new Refusal(400, `Container cannot be connected to network endpoints: ${endpoints.join(", ")}`);
  }
  const image = world.image(body.Image);
  checkMounts(body);
  checkName(world, name);
  const container: FakeContainer = {
    id: randomId(),
    name: name.replace(/^\//, ""),
    created: Date.now(),
    body,
    image,
    labels: { ...image.config.Labels, ...body.Labels },
    mounts: makeMounts(world, body, image),
    networks: new Map(initialNetworks(body)),
    log: [],
    archives: [],
    restartPolicy: { ...NO_RESTART, ...body.HostConfig?.RestartPolicy },
    status: "created",
    exitCode: 0,
    error: "",
    startedAt: undefined,
    finishedAt: undefined,
    health: undefined,
    restarts: 0,
    ports: [],
    removed: false,
    life: 0,
  };
  world.containers.push(container);
  world.tellContainer(container, "create");
  return { status: 201, json: { Id: container.id, Warnings: [] } };
}

function checkMounts(body: ContainerBody): void {
  const targets = new Set<string>();
  for (const mount of body.HostConfig?.Mounts ?? []) {
    if (targets.has(mount.Target)) throw new Refusal(400, `Duplicate mount point: ${mount.Target}`);
    targets.add(mount.Target);
    const makes = mount.BindOptions?.CreateMountpoint === true;
    if (mount.Type === "bind" && !makes && !existsSync(mount.Source ?? "")) {
      throw new Refusal(400, `invalid mount config for type "bind": bind source path does not exist: ${mount.Source}`);
    }
  }
}

function makeMounts(world: FakeWorld, body: ContainerBody, image: FakeImage): readonly FakeMount[] {
  const asked: readonly MountBody[] = body.HostConfig?.Mounts ?? [];
  const fromImage = Object.keys(image.config.Volumes ?? {})
    .filter((target) => !asked.some((mount) => mount.Target === target))
    .map((Target): MountBody => ({ Type: "volume", Target }));
  const tmpfs = Object.keys(body.HostConfig?.Tmpfs ?? {}).map((Target): MountBody => ({ Type: "tmpfs", Target }));
  return [...asked, ...fromImage, ...tmpfs].map((mount) => {
    const target = mount.Target;
    if (mount.Type !== "volume") return { type: mount.Type, source: mount.Source ?? "", target, anonymous: false };
    const anonymous = (mount.Source ?? "") === "";
    const name = anonymous ? randomId() : (mount.Source ?? "");
    let volume = world.volumes.find((candidate) => candidate.name === name);
    if (!volume) {
      const own = mount.VolumeOptions?.Labels ?? {};
      const labels = anonymous ? { "com.docker.volume.anonymous": "", ...own } : own;
      volume = { name, driver: "local", labels, anonymous, filledFrom: undefined };
      world.volumes.push(volume);
      world.tell("volume", "create", { id: name, attributes: { driver: "local" } });
    }
    // An engine copies the image's files into a volume that is empty, and only then.
    if (mount.VolumeOptions?.NoCopy !== true) volume.filledFrom ??= image.id;
    return { type: "volume", source: name, target, anonymous };
  });
}

function initialNetworks(body: ContainerBody): [string, FakeEndpoint][] {
  const mode = body.HostConfig?.NetworkMode ?? "bridge";
  const given = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {});
  if (mode.startsWith("container:")) return [];
  const endpoint = (aliases: readonly string[] = []): FakeEndpoint => ({ networkId: "", aliases });
  const named = given.map(([name, config]): [string, FakeEndpoint] => [name, endpoint(config.Aliases)]);
  const first = mode === "default" ? "bridge" : mode;
  if (named.length > 0 && (first === "bridge" || named.some(([name]) => name === first))) return named;
  return [[first, endpoint()], ...named];
}
