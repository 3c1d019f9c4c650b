import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connectEngine, type EngineChoice, findEndpoint } from "../../src/engine/connect.ts";
import { connectionFault } from "../../src/engine/fault.ts";
import { DockError, exitCode } from "../../src/error.ts";
import { sha256 } from "../../src/std/digest.ts";
import { FakeEngine } from "../support/fake-engine.ts";
import { RawServer } from "../support/raw-server.ts";

const never = new AbortController().signal;
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "dock-connect-"));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

function choice(over: Omit<EngineChoice, "env"> & { readonly env?: EngineChoice["env"] } = {}): EngineChoice {
  return { ...over, env: { HOME: home, ...over.env } };
}

async function addContext(name: string, host: string): Promise<void> {
  const directory = join(home, ".docker/contexts/meta", sha256(name));
  await mkdir(directory, { recursive: true });
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
  await writeFile(join(directory, "meta.json"), JSON.stringify(meta));
}

async function setConfig(config: object): Promise<void> {
  await mkdir(join(home, ".docker"), { recursive: true });
  await writeFile(join(home, ".docker/config.json"), JSON.stringify(config));
}

test.each([
  ["unix:///run/a.sock", { kind: "unix", path: "/run/a.sock" }],
  ["unix://", { kind: "unix", path: "/var/run/docker.sock" }],
  ["tcp://10.0.0.1:2375", { kind: "tcp", host: "10.0.0.1", port: 2375 }],
  ["tcp://box", { kind: "tcp", host: "box", port: 2375 }],
  ["tcp://box:80", { kind: "tcp", host: "box", port: 80 }],
  ["box:1234", { kind: "tcp", host: "box", port: 1234 }],
  ["tcp://[::1]:2375", { kind: "tcp", host: "[::1]", port: 2375 }],
  ["http://box:1", { kind: "tcp", host: "box", port: 1 }],
  ["npipe:////./pipe/docker_engine", { kind: "npipe", path: "//./pipe/docker_engine" }],
  ["https://box", { kind: "tcp", host: "box", port: 2376, tls: {} }],
  ["ssh://box", { kind: "ssh", host: "box" }],
  ["ssh://me@box:2222", { kind: "ssh", host: "box", user: "me", port: 2222 }],
  [
    "ssh://me@[fe80::1]/run/user/1000/docker.sock",
    { kind: "ssh", host: "fe80::1", user: "me", socket: "/run/user/1000/docker.sock" },
  ],
])("DOCKER_HOST=%s is an address", async (host, endpoint) => {
  expect(await findEndpoint(choice({ env: { DOCKER_HOST: host } }))).toEqual(endpoint);
  expect(await findEndpoint(choice({ host, env: { DOCKER_HOST: "garbage://" } }))).toEqual(endpoint);
});

test.each([
  ["garbage://x", "engine-unreachable", 3],
  ["unix://relative.sock", "engine-unreachable", 3],
  ["tcp://", "engine-unreachable", 3],
  ["tcp://box:port", "engine-unreachable", 3],
  ["tcp://box:2375/path", "engine-unreachable", 3],
  ["ssh://", "engine-unreachable", 3],
  ["ssh://me:geheim@box", "engine-unreachable", 3],
  ["ssh://-oProxyCommand=x@box", "engine-unreachable", 3],
  ["ssh://-oProxyCommand=x", "engine-unreachable", 3],
  ["ssh://me@box;reboot", "engine-unreachable", 3],
  ["ssh://me@box?x=1", "engine-unreachable", 3],
])("DOCKER_HOST=%s is refused with a message that names it", async (host, code, exit) => {
  const failure = await findEndpoint(choice({ env: { DOCKER_HOST: host } })).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code, message: expect.stringContaining("DOCKER_HOST"), hint: expect.any(String) });
  expect(exitCode(failure)).toBe(exit);
});

test("the choice goes by flag, environment, context and default, in the docker command's order", async () => {
  await addContext("lab", "unix:///run/lab.sock");
  await addContext("rack", "tcp://rack:2375");
  await setConfig({ currentContext: "rack" });
  const path = async (over: Parameters<typeof choice>[0]): Promise<string> => {
    const endpoint = await findEndpoint(choice(over));
    return endpoint.kind === "unix" ? endpoint.path : endpoint.kind === "tcp" ? endpoint.host : endpoint.kind;
  };
  const env = { DOCKER_HOST: "unix:///run/env.sock", DOCKER_CONTEXT: "lab" };
  expect(await path({ host: "unix:///run/flag.sock", env })).toBe("/run/flag.sock");
  expect(await path({ context: "rack", env })).toBe("rack");
  expect(await path({ env })).toBe("/run/env.sock");
  expect(await path({ env: { DOCKER_CONTEXT: "lab" } })).toBe("/run/lab.sock");
  expect(await path({})).toBe("rack");
  expect(await path({ env: { DOCKER_CONTEXT: "default" } })).toMatch(/docker\.sock$/);
  await expect(findEndpoint(choice({ host: "unix:///a", context: "lab" }))).rejects.toMatchObject({ code: "usage" });
});

test("DOCKER_CONFIG says where the contexts are", async () => {
  await addContext("lab", "unix:///run/lab.sock");
  await rm(join(home, "moved"), { recursive: true, force: true });
  await symlink(join(home, ".docker"), join(home, "moved"));
  const env = { HOME: "/nowhere", DOCKER_CONFIG: join(home, "moved") };
  expect(await findEndpoint({ context: "lab", env })).toEqual({ kind: "unix", path: "/run/lab.sock" });
});

test("a context that does not exist is named, with the one that was meant", async () => {
  await addContext("production", "unix:///run/lab.sock");
  await expect(findEndpoint(choice({ context: "prodution" }))).rejects.toMatchObject({
    code: "engine-unreachable",
    message: 'there is no docker context "prodution" (--engine-context)',
    hint: 'did you mean "production"?',
  });
});

test("a broken config.json is an error that names the file", async () => {
  await mkdir(join(home, ".docker"));
  await writeFile(join(home, ".docker/config.json"), "{");
  await expect(findEndpoint(choice())).rejects.toMatchObject({
    code: "usage",
    message: expect.stringContaining("config.json is not a JSON object"),
  });
});

async function failureAt(host: string, env: EngineChoice["env"] = {}): Promise<unknown> {
  await using engine = connectEngine(choice({ host, env }));
  return await engine.listImages(never).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test("no engine, a dead one, a forbidden one, an unknown host and something else each get their own message", async () => {
  const socket = join(home, "engine.sock");
  expect(await failureAt(`unix://${socket}`)).toMatchObject({
    code: "engine-unreachable",
    message: `there is no engine at ${socket}`,
    hint: "install or start Docker, or name an engine with -H, DOCKER_HOST or a docker context",
  });
  expect(await failureAt("tcp://127.0.0.1:1")).toMatchObject({
    code: "engine-unreachable",
    message: "no engine answers at tcp://127.0.0.1:1",
  });
  await writeFile(join(home, "file"), "");
  expect(await failureAt(`unix://${join(home, "file")}`)).toMatchObject({ code: "engine-unreachable" });
  const denied = Object.assign(new Error("connect EACCES"), { code: "EACCES", syscall: "connect" });
  expect(connectionFault("list images", denied, { kind: "unix", path: socket })).toMatchObject({
    code: "engine-denied",
    message: `you are not allowed to use the engine at ${socket}`,
  });
  await using web = await RawServer.start((_, response) => response.end("<html>"));
  expect(await failureAt(web.host)).toMatchObject({
    code: "engine-unreachable",
    message: expect.stringContaining("not a Docker engine"),
  });
});

test("an engine that is too old, and a version that it does not speak, are told", async () => {
  await using old = await RawServer.greeting((_, response) => response.end("[]"), { "Api-Version": "1.24" });
  expect(await failureAt(old.host)).toMatchObject({
    code: "engine-too-old",
    message: "the engine speaks API 1.24, dock needs 1.41 or newer",
  });
  await using fake = await FakeEngine.start({ apiVersion: "1.47" });
  expect(await failureAt(fake.host)).toBeUndefined();
  expect(await failureAt(fake.host, { DOCKER_API_VERSION: "1.48" })).toMatchObject({ code: "engine-too-old" });
  expect(fake.requests.map(({ path }) => path)).toEqual(["/_ping", "/images/json", "/_ping"]);
});

test("an engine is asked for nothing before the first call, and greeted once", async () => {
  await using fake = await FakeEngine.start();
  await using engine = connectEngine(choice({ host: fake.host }));
  expect(fake.requests).toEqual([]);
  await Promise.all([engine.info(never), engine.info(never), engine.listImages(never)]);
  expect(fake.requests.map(({ path }) => path).sort()).toEqual(["/_ping", "/images/json", "/version"]);
});

test("Podman is told by its ping", async () => {
  const version = { Version: "5.0", Os: "linux", Arch: "arm64" };
  const headers = { "Api-Version": "1.41", "Libpod-API-Version": "5.0.0" };
  await using podman = await RawServer.greeting((_, response) => response.end(JSON.stringify(version)), headers);
  await using engine = connectEngine(choice({ host: podman.host }));
  expect(await engine.info(never)).toEqual({
    apiVersion: "1.41",
    version: "5.0",
    platform: "linux/arm64",
    remote: false,
    product: "podman",
    buildkit: false,
  });
});

test("what the library reads from the process's own environment does not turn the choice", async () => {
  await using fake = await FakeEngine.start();
  vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:1");
  vi.stubEnv("DOCKER_TLS_VERIFY", "1");
  vi.stubEnv("DOCKER_CLIENT_TIMEOUT", "1");
  expect(await failureAt(fake.host)).toBeUndefined();
  vi.stubEnv("DOCKER_CERT_PATH", join(home, "nowhere"));
  await using engine = connectEngine(choice({ host: fake.host }));
  // The library is loaded for the first call that streams something.
  await engine.createVolume({ name: "data", labels: {} }, never);
  await expect(engine.getArchive("box", "/", never)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: "usage",
    hint: expect.stringContaining("DOCKER_CERT_PATH"),
  });
  vi.unstubAllEnvs();
});

test.each(["127.0.0.1", "::1"])("an engine is reached over tcp at %s", async (address) => {
  const server = createServer((request, response) => {
    response.writeHead(200, { "Api-Version": "1.51" }).end(request.url === "/_ping" ? "OK" : "[]");
  });
  server.listen(0, address);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await using engine = connectEngine(
      choice({ host: `tcp://${address.includes(":") ? `[${address}]` : address}:${port}` }),
    );
    expect(await engine.listContainers({ labels: ["a=b"] }, never)).toEqual([]);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("errors of the choice come at the first call, as errors of dock", async () => {
  await using engine = connectEngine(choice({ host: "garbage://" }));
  await expect(engine.listImages(never)).rejects.toBeInstanceOf(DockError);
});
