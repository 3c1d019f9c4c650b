import { once } from "node:events";
import { inspection, listEntry } from "./fake-engine-container-json.ts";
import { checkName, createContainer } from "./fake-engine-create.ts";
import {
  isTrue,
  matchesLabels,
  matchesNames,
  Refusal,
  type FakeRequest,
  type Handler,
  type Reply,
  type Route,
} from "./fake-engine-http.ts";
import { startContainer, stopProcess } from "./fake-engine-life.ts";
import type { FakeContainer, FakeWorld } from "./fake-engine-state.ts";

const DONE: Reply = { status: 204 };

/** Routes under `/containers`, but for output and processes. */
export function containerRoutes(world: FakeWorld): readonly Route[] {
  const on = (work: (container: FakeContainer, request: FakeRequest) => Reply | Promise<Reply>): Handler => {
    return (request) => work(world.container(request.params[0] ?? ""), request);
  };
  return [
    ["GET", /^\/containers\/json$/, (request) => ({ status: 200, json: list(world, request) })],
    ["POST", /^\/containers\/create$/, (request) => createContainer(world, request)],
    ["GET", /^\/containers\/([^/]+)\/json$/, on((container) => ({ status: 200, json: inspection(container) }))],
    [
      "POST",
      /^\/containers\/([^/]+)\/start$/,
      on((container) => (startContainer(world, container) ? DONE : { status: 304 })),
    ],
    [
      "POST",
      /^\/containers\/([^/]+)\/stop$/,
      on((container) => (stopProcess(world, container, 137) ? DONE : { status: 304 })),
    ],
    ["POST", /^\/containers\/([^/]+)\/restart$/, on((container) => restart(world, container))],
    ["POST", /^\/containers\/([^/]+)\/kill$/, on((container, request) => kill(world, container, request))],
    ["POST", /^\/containers\/([^/]+)\/pause$/, on((container) => pause(world, container))],
    ["POST", /^\/containers\/([^/]+)\/unpause$/, on((container) => unpause(world, container))],
    ["POST", /^\/containers\/([^/]+)\/rename$/, on((container, request) => rename(world, container, request))],
    ["POST", /^\/containers\/([^/]+)\/update$/, on((container, request) => update(container, request))],
    ["POST", /^\/containers\/([^/]+)\/wait$/, on((container, request) => wait(world, container, request))],
    ["DELETE", /^\/containers\/([^/]+)$/, on((container, request) => remove(world, container, request))],
  ];
}

function list(world: FakeWorld, { query, filters }: FakeRequest): readonly object[] {
  const all = isTrue(query.get("all")) || filters["status"] !== undefined;
  return world.containers
    .filter((container) => all || container.status === "running" || container.status === "paused")
    .filter((container) => matchesLabels(container.labels, filters["label"]))
    .filter((container) => matchesNames([container.name, `/${container.name}`], filters["name"]))
    .filter((container) => filters["status"]?.includes(container.status) ?? true)
    .map((container) => listEntry(world, container))
    .reverse();
}

function restart(world: FakeWorld, container: FakeContainer): Reply {
  stopProcess(world, container, 137);
  startContainer(world, container);
  world.tellContainer(container, "restart");
  return DONE;
}

function kill(world: FakeWorld, container: FakeContainer, { query, params }: FakeRequest): Reply {
  const name = (query.get("signal") ?? "SIGKILL").toUpperCase().replace(/^(?!SIG)/, "SIG");
  if (!/^SIG(KILL|TERM|INT|HUP|QUIT|USR1|USR2|WINCH)$/.test(name)) {
    throw new Refusal(400, `cannot kill container: ${params[0]}: invalid signal: ${name}`);
  }
  if (container.status !== "running" && container.status !== "paused") {
    throw new Refusal(409, `cannot kill container: ${params[0]}: container ${container.id} is not running`);
  }
  world.tellContainer(container, "kill");
  if (name === "SIGKILL") stopProcess(world, container, 137);
  else if (name === "SIGTERM" || name === "SIGINT" || name === "SIGQUIT") stopProcess(world, container, 143);
  return DONE;
}

function pause(world: FakeWorld, container: FakeContainer): Reply {
  if (container.status !== "running") throw new Refusal(409, `container ${container.id} is not running`);
  container.status = "paused";
  world.tellContainer(container, "pause");
  return DONE;
}

function unpause(world: FakeWorld, container: FakeContainer): Reply {
  if (container.status !== "paused") throw new Refusal(500, `Container ${container.id} is not paused`);
  container.status = "running";
  world.tellContainer(container, "unpause");
  return DONE;
}

function rename(world: FakeWorld, container: FakeContainer, { query }: FakeRequest): Reply {
  const name = query.get("name") ?? "";
  checkName(world, name, "Error when allocating new name: ");
  container.name = name.replace(/^\//, "");
  world.tellContainer(container, "rename");
  return DONE;
}

function update(container: FakeContainer, { body }: FakeRequest): Reply {
  const { RestartPolicy: asked, ...limits } = body;
  container.body = { ...container.body, HostConfig: { ...container.body.HostConfig, ...limits } };
  const policy = asked as FakeContainer["restartPolicy"] | undefined;
  if (policy) container.restartPolicy = { Name: policy.Name, MaximumRetryCount: policy.MaximumRetryCount ?? 0 };
  return { status: 200, json: { Warnings: null } };
}

/** The head of the answer goes out at once, as from an engine; the exit code follows when there is one. */
function wait(world: FakeWorld, container: FakeContainer, { query, incoming }: FakeRequest): Reply {
  const condition = query.get("condition") ?? "not-running";
  const { life } = container;
  const isOver = (): boolean => {
    if (condition === "removed") return container.removed;
    const running =
      container.status === "running" || container.status === "paused" || container.status === "restarting";
    return container.removed || (!running && (condition === "not-running" || container.life > life));
  };
  return {
    stream: async (response) => {
      response.writeHead(200, { "Content-Type": "application/json" });
      response.flushHeaders();
      while (!isOver() && !incoming.socket.destroyed && !response.destroyed) await once(world.happenings, "change");
      response.end(JSON.stringify({ StatusCode: container.exitCode }));
    },
  };
}

function remove(world: FakeWorld, container: FakeContainer, { query, params }: FakeRequest): Reply {
  const running = container.status === "running" || container.status === "paused" || container.status === "restarting";
  if (running && !isTrue(query.get("force"))) {
    throw new Refusal(
      409,
      `cannot remove container "${params[0]}": container is running: stop the container before removing or force remove`,
    );
  }
  stopProcess(world, container, 137);
  container.removed = true;
  world.containers.splice(world.containers.indexOf(container), 1);
  if (isTrue(query.get("v"))) {
    for (const mount of container.mounts) {
      const index = world.volumes.findIndex((volume) => volume.name === mount.source && volume.anonymous);
      if (mount.anonymous && index >= 0 && world.volumeUsers(mount.source).length === 0) world.volumes.splice(index, 1);
    }
  }
  world.tellContainer(container, "destroy");
  return DONE;
}
