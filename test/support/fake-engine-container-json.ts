import type { FakeContainer, FakeWorld } from "./fake-engine-state.ts";

const NEVER = "0001-01-01T00:00:00Z";

/** One entry of `GET /containers/json`. */
export function listEntry(world: FakeWorld, container: FakeContainer): object {
  const ref = container.body.Image;
  const stillNamed = world.findImage(ref)?.id === container.image.id;
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: stillNamed ? ref : container.image.id,
    ImageID: container.image.id,
    Command: (container.body.Cmd ?? []).join(" "),
    Created: Math.floor(container.created / 1000),
    Ports: container.ports.map((port) => ({
      IP: port.ip,
      PrivatePort: port.containerPort,
      PublicPort: port.hostPort,
      Type: port.protocol,
    })),
    Labels: container.labels,
    State: container.status,
    Status: statusText(container),
    HostConfig: { NetworkMode: container.body.HostConfig?.NetworkMode ?? "bridge" },
    NetworkSettings: { Networks: networksJson(container) },
    Mounts: mountsJson(container),
  };
}

function statusText(container: FakeContainer): string {
  const health =
    container.health && (container.health.status === "starting" ? "health: starting" : container.health.status);
  switch (container.status) {
    case "created":
      return "Created";
    case "running":
      return `Up 5 seconds${health === undefined ? "" : ` (${health})`}`;
    case "paused":
      return "Up 5 seconds (Paused)";
    case "restarting":
      return `Restarting (${container.exitCode}) 1 second ago`;
    case "exited":
      return `Exited (${container.exitCode}) 5 seconds ago`;
  }
}

/** `GET /containers/<id>/json`. */
export function inspection(container: FakeContainer): object {
  const { body, image, health } = container;
  const env = new Map([...(image.config.Env ?? []), ...(body.Env ?? [])].map((line) => [line.split("=", 1)[0], line]));
  return {
    Id: container.id,
    Created: new Date(container.created).toISOString(),
    Name: `/${container.name}`,
    Image: image.id,
    RestartCount: container.restarts,
    State: {
      Status: container.status,
      Running: container.status === "running" || container.status === "restarting" || container.status === "paused",
      Paused: container.status === "paused",
      Restarting: container.status === "restarting",
      OOMKilled: false,
      Dead: false,
      ExitCode: container.exitCode,
      Error: container.error,
      StartedAt: container.startedAt === undefined ? NEVER : new Date(container.startedAt).toISOString(),
      FinishedAt: container.finishedAt === undefined ? NEVER : new Date(container.finishedAt).toISOString(),
      ...(health && {
        Health: { Status: health.status, FailingStreak: 0, Log: health.status === "starting" ? [] : [probe(health)] },
      }),
    },
    Config: {
      ...body,
      Image: body.Image,
      Env: [...env.values()],
      Labels: container.labels,
      Tty: body.Tty,
      OpenStdin: body.OpenStdin,
    },
    HostConfig: { ...body.HostConfig, RestartPolicy: container.restartPolicy },
    NetworkSettings: { Networks: networksJson(container) },
    Mounts: mountsJson(container),
  };
}

function probe(health: NonNullable<FakeContainer["health"]>): object {
  const now = new Date().toISOString();
  return { Start: now, End: now, ExitCode: health.status === "healthy" ? 0 : 1, Output: health.output };
}

function networksJson(container: FakeContainer): object {
  return Object.fromEntries(
    [...container.networks].map(([name, endpoint]) => [
      name,
      { NetworkID: endpoint.networkId, Aliases: endpoint.aliases, IPAddress: "" },
    ]),
  );
}

function mountsJson(container: FakeContainer): readonly object[] {
  return container.mounts.map((mount) => ({
    Type: mount.type,
    ...(mount.type === "volume" ? { Name: mount.source, Driver: "local" } : {}),
    Source: mount.type === "volume" ? `/var/lib/docker/volumes/${mount.source}/_data` : mount.source,
    Destination: mount.target,
    Mode: "",
    RW: true,
  }));
}
