import { Refusal } from "./fake-engine-http.ts";
import { missingProgram, runProgram } from "./fake-engine-shell.ts";
import type { FakeContainer, FakeWorld } from "./fake-engine-state.ts";

/** Starts a container as `POST /containers/<id>/start` does: false when it was running. */
export function startContainer(world: FakeWorld, container: FakeContainer): boolean {
  if (container.status === "paused") throw new Refusal(409, "cannot start a paused container, try unpause instead");
  if (container.status === "running" || container.status === "restarting") return false;
  const prefix = world.since(47) ? "failed to set up container networking: " : "";
  try {
    for (const [name, endpoint] of container.networks) endpoint.networkId = world.network(name).id;
    container.ports = takePorts(world, container);
    const failure = container.image.behavior.failsToStart ?? missingProgram(commandOf(container));
    if (failure !== undefined) {
      container.exitCode = 127;
      throw new Refusal(400, `failed to create task for container: ${failure}`);
    }
  } catch (error) {
    container.ports = [];
    if (!(error instanceof Refusal)) throw error;
    const message = error.status === 400 ? error.message : prefix + error.message;
    container.error = message;
    if (container.exitCode === 0) container.exitCode = 128;
    throw new Refusal(error.status, message);
  }
  run(world, container);
  return true;
}

/** Ends a container's process with a code, as if by itself. */
export function endProcess(world: FakeWorld, container: FakeContainer, code: number): void {
  if (container.status !== "running" && container.status !== "paused") return;
  finish(world, container, code);
  const { Name, MaximumRetryCount } = container.restartPolicy;
  const again =
    Name === "always" ||
    Name === "unless-stopped" ||
    (Name === "on-failure" && code !== 0 && (MaximumRetryCount === 0 || container.restarts < MaximumRetryCount));
  if (!again) return;
  container.status = "restarting";
  const { life } = container;
  world.later(Math.min(100 * 2 ** container.restarts, 60_000), () => {
    if (container.status !== "restarting" || container.life !== life) return;
    container.restarts += 1;
    run(world, container);
  });
}

/** Ends a container by request, which no restart policy undoes: false when it was not running. */
export function stopProcess(world: FakeWorld, container: FakeContainer, code: number): boolean {
  if (container.status !== "running" && container.status !== "paused" && container.status !== "restarting")
    return false;
  if (container.status === "restarting") container.status = "exited";
  else finish(world, container, code);
  world.tellContainer(container, "stop");
  return true;
}

/** Sets a running container's health, as its next probe would. */
export function setHealth(
  world: FakeWorld,
  container: FakeContainer,
  health: { readonly status: "healthy" | "unhealthy"; readonly output?: string },
): void {
  if (container.status !== "running") return;
  container.health = { status: health.status, output: health.output ?? "" };
  world.tellContainer(container, `health_status: ${health.status}`);
}

function run(world: FakeWorld, container: FakeContainer): void {
  const { behavior } = container.image;
  container.life += 1;
  container.status = "running";
  container.exitCode = 0;
  container.error = "";
  container.startedAt = Date.now();
  container.finishedAt = undefined;
  const test = container.body.Healthcheck?.Test ?? container.image.config.Healthcheck?.Test ?? [];
  container.health = test.length > 0 && test[0] !== "NONE" ? { status: "starting", output: "" } : undefined;
  for (const text of behavior.output ?? []) container.log.push({ time: Date.now(), stream: 1, text });
  world.tellContainer(container, "start");
  const { life } = container;
  const inThisLife = (milliseconds: number, work: () => void): void => {
    world.later(milliseconds, () => {
      if (container.life === life && !container.removed) work();
    });
  };
  const { health } = behavior;
  const outcome = runProgram(commandOf(container), "");
  for (const [stream, text] of [
    [1, outcome?.stdout],
    [2, outcome?.stderr],
  ] as const) {
    for (const line of (text ?? "").split("\n").slice(0, -1))
      container.log.push({ time: Date.now(), stream, text: line });
  }
  const exits = behavior.exits ?? (outcome && { code: outcome.exitCode });
  if (health && container.health) {
    inThisLife(health.afterMs ?? 0, () =>
      setHealth(world, container, { status: health.becomes, output: health.output ?? "" }),
    );
  }
  if (exits) inThisLife(exits.afterMs ?? 0, () => endProcess(world, container, exits.code));
}

function commandOf({ body }: FakeContainer): readonly string[] {
  return [...(body.Entrypoint ?? []), ...(body.Cmd ?? [])];
}

function finish(world: FakeWorld, container: FakeContainer, code: number): void {
  container.life += 1;
  container.status = "exited";
  container.exitCode = code;
  container.finishedAt = Date.now();
  container.ports = [];
  if (container.health?.status === "starting") container.health = { status: "unhealthy", output: "" };
  world.tellContainer(container, "die");
}

function takePorts(world: FakeWorld, container: FakeContainer): FakeContainer["ports"] {
  const taken: FakeContainer["ports"] = [];
  for (const [key, bindings] of Object.entries(container.body.HostConfig?.PortBindings ?? {})) {
    const [port = "", protocol = "tcp"] = key.split("/");
    for (const { HostIp, HostPort } of bindings) {
      const ip = HostIp === "" ? "0.0.0.0" : HostIp;
      const wanted = { ip, hostPort: Number(HostPort), containerPort: Number(port), protocol };
      if (wanted.hostPort === 0) wanted.hostPort = freePort(world, [...taken], wanted);
      if (isHeld(world, taken, wanted)) {
        const why = `Bind for ${ip}:${wanted.hostPort} failed: port is already allocated`;
        throw new Refusal(
          500,
          `driver failed programming external connectivity on endpoint ${container.name} (${container.id}): ${why}`,
        );
      }
      taken.push(wanted);
    }
  }
  return taken;
}

type Port = FakeContainer["ports"][number];

function isHeld(world: FakeWorld, taken: readonly Port[], wanted: Port): boolean {
  if (world.heldPorts.has(`${wanted.protocol}/${wanted.hostPort}`)) return true;
  const others = [...taken, ...world.containers.flatMap((container) => container.ports)];
  return others.some(
    (port) =>
      port.protocol === wanted.protocol &&
      port.hostPort === wanted.hostPort &&
      (port.ip === wanted.ip || port.ip === "0.0.0.0" || wanted.ip === "0.0.0.0"),
  );
}

function freePort(world: FakeWorld, taken: readonly Port[], wanted: Port): number {
  let hostPort = 32768;
  while (isHeld(world, taken, { ...wanted, hostPort })) hostPort += 1;
  return hostPort;
}
