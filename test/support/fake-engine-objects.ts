import {
  matchesLabels,
  matchesNames,
  Refusal,
  textAt,
  type FakeRequest,
  type Json,
  type Reply,
  type Route,
} from "./fake-engine-http.ts";
import {
  type FakeContainer,
  type FakeNetwork,
  type FakeVolume,
  type FakeWorld,
  randomId,
} from "./fake-engine-state.ts";

/** Routes under `/networks`. */
export function networkRoutes(world: FakeWorld): readonly Route[] {
  return [
    ["GET", /^\/networks$/, (request) => ({ status: 200, json: listNetworks(world, request) })],
    ["POST", /^\/networks\/create$/, (request) => createNetwork(world, request)],
    [
      "GET",
      /^\/networks\/([^/]+)$/,
      ({ params }) => ({ status: 200, json: networkDetail(world, world.network(params[0] ?? "")) }),
    ],
    ["DELETE", /^\/networks\/([^/]+)$/, ({ params }) => removeNetwork(world, world.network(params[0] ?? ""))],
    ["POST", /^\/networks\/([^/]+)\/connect$/, (request) => connect(world, request)],
    ["POST", /^\/networks\/([^/]+)\/disconnect$/, (request) => disconnect(world, request)],
  ];
}

function listNetworks(world: FakeWorld, { filters }: FakeRequest): readonly object[] {
  return world.networks
    .filter(
      (network) => matchesLabels(network.labels, filters["label"]) && matchesNames([network.name], filters["name"]),
    )
    .map(networkJson);
}

function networkJson(network: FakeNetwork): object {
  return {
    Name: network.name,
    Id: network.id,
    Driver: network.driver,
    Scope: "local",
    Labels: network.labels,
    Containers: {},
  };
}

/** Only an inspection tells who is on a network, and only of those that run. */
function networkDetail(world: FakeWorld, network: FakeNetwork): object {
  const members = world.containers.filter(
    ({ status, networks }) =>
      (status === "running" || status === "paused") && networks.get(network.name)?.networkId === network.id,
  );
  return {
    ...networkJson(network),
    Containers: Object.fromEntries(members.map(({ id, name }) => [id, { Name: name }])),
  };
}

function createNetwork(world: FakeWorld, { body }: FakeRequest): Reply {
  const name = textAt(body, "Name");
  // Before API 1.44 names are only compared when the caller asks for it.
  const unique = world.since(44) || body["CheckDuplicate"] === true;
  if (unique && !world.ambiguousNetworks && world.networks.some((network) => network.name === name)) {
    throw new Refusal(409, `network with name ${name} already exists`);
  }
  const labels = (body["Labels"] ?? {}) as Readonly<Record<string, string>>;
  const network: FakeNetwork = {
    id: randomId(),
    name,
    driver: textAt(body, "Driver", "bridge"),
    labels,
    predefined: false,
  };
  world.networks.push(network);
  world.tell("network", "create", { id: network.id, attributes: { name } });
  return { status: 201, json: { Id: network.id, Warning: "" } };
}

function removeNetwork(world: FakeWorld, network: FakeNetwork): Reply {
  if (network.predefined) throw new Refusal(403, `${network.name} is a pre-defined network and cannot be removed`);
  const member = runningMembers(world, network)[0];
  if (member) {
    const endpoint = `(name:"${member.name}" id:"${member.id.slice(0, 12)}")`;
    throw new Refusal(403, `error while removing network: network ${network.name} has active endpoints ${endpoint}`);
  }
  world.networks.splice(world.networks.indexOf(network), 1);
  world.tell("network", "destroy", { id: network.id, attributes: { name: network.name } });
  return { status: 204 };
}

function runningMembers(world: FakeWorld, network: FakeNetwork): readonly FakeContainer[] {
  return world.containers.filter((container) => {
    const active = container.status === "running" || container.status === "paused";
    return active && [...container.networks.values()].some((endpoint) => endpoint.networkId === network.id);
  });
}

function connect(world: FakeWorld, { params, body }: FakeRequest): Reply {
  const network = world.network(params[0] ?? "");
  const container = world.container(textAt(body, "Container"));
  if (container.status === "running" && container.networks.has(network.name)) {
    throw new Refusal(403, `endpoint with name ${container.name} already exists in network ${network.name}`);
  }
  const aliases = ((body["EndpointConfig"] as Json | undefined)?.["Aliases"] ?? []) as readonly string[];
  container.networks.set(network.name, { networkId: container.status === "created" ? "" : network.id, aliases });
  world.tell("network", "connect", { id: network.id, attributes: { container: container.id, name: network.name } });
  return { status: 200 };
}

function disconnect(world: FakeWorld, { params, body }: FakeRequest): Reply {
  const network = world.network(params[0] ?? "");
  const container = world.container(textAt(body, "Container"));
  if (!container.networks.delete(network.name)) {
    throw new Refusal(500, `container ${container.id} is not connected to network ${network.name}`);
  }
  world.tell("network", "disconnect", { id: network.id, attributes: { container: container.id, name: network.name } });
  return { status: 200 };
}

/** Routes under `/volumes`. */
export function volumeRoutes(world: FakeWorld): readonly Route[] {
  return [
    [
      "GET",
      /^\/volumes$/,
      (request) => ({ status: 200, json: { Volumes: listVolumes(world, request), Warnings: null } }),
    ],
    ["POST", /^\/volumes\/create$/, (request) => createVolume(world, request)],
    [
      "GET",
      /^\/volumes\/([^/]+)$/,
      ({ params }) => ({ status: 200, json: volumeJson(volumeOf(world, params[0] ?? "")) }),
    ],
    ["DELETE", /^\/volumes\/([^/]+)$/, ({ params }) => removeVolume(world, volumeOf(world, params[0] ?? ""))],
  ];
}

function listVolumes(world: FakeWorld, { filters }: FakeRequest): readonly object[] {
  return world.volumes
    .filter((volume) => matchesLabels(volume.labels, filters["label"]) && matchesNames([volume.name], filters["name"]))
    .map(volumeJson);
}

function volumeJson(volume: FakeVolume): object {
  const labels = Object.keys(volume.labels).length === 0 ? null : volume.labels;
  return { Name: volume.name, Driver: volume.driver, Labels: labels, Scope: "local", Options: null };
}

function volumeOf(world: FakeWorld, name: string): FakeVolume {
  const found = world.volumes.find((volume) => volume.name === name);
  if (!found) throw new Refusal(404, `get ${name}: no such volume`);
  return found;
}

function createVolume(world: FakeWorld, { body }: FakeRequest): Reply {
  const name = textAt(body, "Name") || randomId();
  const driver = textAt(body, "Driver", "local");
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
    const allowed = `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`;
    throw new Refusal(400, `create ${name}: ${allowed}. If you intended to pass a host directory, use absolute path`);
  }
  if (driver !== "local")
    throw new Refusal(404, `create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`);
  const existing = world.volumes.find((volume) => volume.name === name);
  if (existing) return { status: 201, json: volumeJson(existing) };
  const labels = (body["Labels"] ?? {}) as Readonly<Record<string, string>>;
  const volume: FakeVolume = { name, driver, labels, anonymous: false, filledFrom: undefined };
  world.volumes.push(volume);
  world.tell("volume", "create", { id: name, attributes: { driver } });
  return { status: 201, json: volumeJson(volume) };
}

function removeVolume(world: FakeWorld, volume: FakeVolume): Reply {
  const users = world.volumeUsers(volume.name);
  if (users.length > 0) {
    throw new Refusal(409, `remove ${volume.name}: volume is in use - [${users.map((user) => user.id).join(", ")}]`);
  }
  world.volumes.splice(world.volumes.indexOf(volume), 1);
  world.tell("volume", "destroy", { id: volume.name, attributes: { driver: volume.driver } });
  return { status: 204 };
}
