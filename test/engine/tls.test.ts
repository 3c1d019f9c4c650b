import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connectEngine, type EngineChoice, findEndpoint } from "../../src/engine/connect.ts";
import { sha256 } from "../../src/std/digest.ts";
import { makeAuthority } from "../support/certificates.ts";
import { FakeEngine } from "../support/fake-engine.ts";
import { TlsFront, writeIdentity } from "../support/tls-front.ts";

const never = new AbortController().signal;
const authority = makeAuthority();
const server = authority.issue({ hosts: ["127.0.0.1"] });
const client = authority.issue();

let home: string;
let certificates: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "dock-tls-"));
  certificates = join(home, "certificates");
  writeIdentity(certificates, { ca: authority.cert, ...client });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true, force: true });
});

/** A fake engine that is only to be had over TLS. */
async function secured(
  identity = server,
): Promise<{ readonly engine: FakeEngine; readonly front: TlsFront } & AsyncDisposable> {
  const engine = await FakeEngine.start();
  const front = await TlsFront.start(engine.socketPath, { authority, identity });
  const close = async (): Promise<void> => {
    await front[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  };
  return { engine, front, [Symbol.asyncDispose]: close };
}

async function outcome(choice: Omit<EngineChoice, "env">, env: EngineChoice["env"] = {}): Promise<unknown> {
  await using engine = connectEngine({ ...choice, env: { HOME: home, ...env } });
  return await engine.listImages(never).then(
    () => "reached",
    (error: unknown) => error,
  );
}

test("questions, changes and connections of one's own go over TLS with the client's certificate", async () => {
  await using place = await secured();
  const env = {
    HOME: home,
    DOCKER_HOST: `tcp://127.0.0.1:${place.front.port}`,
    DOCKER_TLS_VERIFY: "1",
    DOCKER_CERT_PATH: certificates,
  };
  await using engine = connectEngine({ env });
  expect(await engine.listNetworks({}, never)).toHaveLength(3);
  const id = await engine.createNetwork({ name: "net", labels: {} }, never);
  await engine.removeNetwork(id, never);
  expect(place.front.admitted).toBe(place.engine.requests.length);
  expect(place.engine.requests.length).toBeGreaterThanOrEqual(4);
});

test.each([{ DOCKER_TLS_VERIFY: "1" }, { DOCKER_TLS_VERIFY: "0" }, { DOCKER_TLS: "1" }, { DOCKER_TLSVERIFY: "1" }])(
  "an engine whose certificate nobody vouches for is not spoken to, whatever the environment says: %j",
  async (asked) => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    await using place = await secured();
    writeIdentity(certificates, { ca: makeAuthority("somebody else").cert });
    const host = `tcp://127.0.0.1:${place.front.port}`;
    expect(await outcome({ host }, { ...asked, DOCKER_CERT_PATH: certificates })).toMatchObject({
      code: "engine-unreachable",
      message: `the engine at ${host} shows a certificate that nobody vouches for`,
    });
    expect(place.engine.requests).toEqual([]);
  },
);

test("another host's certificate, an expired one, and none of the client's are told apart", async () => {
  const env = { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates };
  const messageOf = async (identity: typeof server): Promise<unknown> => {
    await using place = await secured(identity);
    return await outcome({ host: `tcp://127.0.0.1:${place.front.port}` }, env);
  };
  expect(await messageOf(authority.issue({ hosts: ["elsewhere.example"] }))).toMatchObject({
    message: expect.stringContaining("certificate of another host"),
  });
  expect(await messageOf(authority.issue({ hosts: ["127.0.0.1"], days: -1 }))).toMatchObject({
    message: expect.stringContaining("is not valid today"),
  });
  await rm(join(certificates, "cert.pem"));
  expect(await messageOf(server)).toMatchObject({ message: `${certificates} has key.pem, and no cert.pem` });
  await rm(join(certificates, "key.pem"));
  expect(await messageOf(server)).toMatchObject({
    code: "engine-denied",
    message: expect.stringContaining("does not take this side's certificate"),
  });
  await rm(join(certificates, "ca.pem"));
  expect(await messageOf(server)).toMatchObject({ message: expect.stringContaining("ca.pem does not exist") });
  writeIdentity(certificates, { ca: authority.cert, ...client });
  await writeFile(join(certificates, "cert.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  expect(await messageOf(server)).toMatchObject({ message: expect.stringContaining("TLS files") });
});

test("TLS to an engine without it, and the other way round, say which of the two it is", async () => {
  const plain = createServer((socket) =>
    socket
      .resume()
      .on("error", () => undefined)
      .end("HTTP/1.1 400 Bad Request\r\n\r\n"),
  );
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  const { port } = plain.address() as { port: number };
  const host = `tcp://127.0.0.1:${port}`;
  expect(await outcome({ host }, { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates })).toMatchObject({
    message: `what listens at ${host} does not speak TLS`,
  });
  await new Promise((resolve) => plain.close(resolve));
  const secure = createServer((socket) => {
    socket.resume().on("error", () => undefined);
    socket.end("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
  });
  await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
  const at = secure.address() as { port: number };
  expect(await outcome({ host: `tcp://127.0.0.1:${at.port}` })).toMatchObject({
    message: "the engine speaks TLS only, and none was asked for",
  });
  await new Promise((resolve) => secure.close(resolve));
});

async function addContext(name: string, docker: object): Promise<string> {
  const contexts = join(home, ".docker/contexts");
  await mkdir(join(contexts, "meta", sha256(name)), { recursive: true });
  const meta = { Name: name, Metadata: {}, Endpoints: { docker } };
  await writeFile(join(contexts, "meta", sha256(name), "meta.json"), JSON.stringify(meta));
  return join(contexts, "tls", sha256(name), "docker");
}

test("a docker context brings its own certificates, and alone can leave the check out", async () => {
  await using place = await secured();
  const Host = `tcp://127.0.0.1:${place.front.port}`;
  writeIdentity(await addContext("safe", { Host, SkipTLSVerify: false }), { ca: authority.cert, ...client });
  expect(await outcome({ context: "safe" })).toBe("reached");
  const stranger = makeAuthority("somebody else").cert;
  writeIdentity(await addContext("wrong", { Host, SkipTLSVerify: false }), { ca: stranger, ...client });
  expect(await outcome({ context: "wrong" })).toMatchObject({ code: "engine-unreachable" });
  writeIdentity(await addContext("careless", { Host, SkipTLSVerify: true }), { ca: stranger, ...client });
  expect(await outcome({ context: "careless" })).toBe("reached");
});

test("TLS has its own default port, and a socket needs none of it", async () => {
  const env = { HOME: home, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates };
  expect(await findEndpoint({ env: { ...env, DOCKER_HOST: "tcp://box" } })).toMatchObject({ host: "box", port: 2376 });
  expect(await findEndpoint({ env: { ...env, DOCKER_HOST: "tcp://box:80" } })).toMatchObject({ port: 80 });
  expect(await findEndpoint({ env: { ...env, DOCKER_HOST: "unix:///a.sock" } })).toEqual({
    kind: "unix",
    path: "/a.sock",
  });
});
