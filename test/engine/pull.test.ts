import type { RequestListener } from "node:http";
import { expect, test } from "vitest";
import { connectEngine } from "../../src/engine/connect.ts";
import type { PullProgress } from "../../src/engine/image-calls.ts";
import { registryHost, splitRef } from "../../src/engine/image-ref.ts";
import { FakeEngine } from "../support/fake-engine.ts";
import { RawServer } from "../support/raw-server.ts";

const never = new AbortController().signal;

test.each([
  ["nginx", "nginx", "latest", "docker.io"],
  ["nginx:1", "nginx", "1", "docker.io"],
  ["me/app", "me/app", "latest", "docker.io"],
  ["registry.local:5000/a/b", "registry.local:5000/a/b", "latest", "registry.local:5000"],
  ["registry.local:5000/a/b:c", "registry.local:5000/a/b", "c", "registry.local:5000"],
  ["localhost/a", "localhost/a", "latest", "localhost"],
  ["a:1@sha256:0f", "a", "sha256:0f", "docker.io"],
])("%s is %s with %s, from %s", (ref, name, tag, host) => {
  expect(splitRef(ref)).toEqual({ name, tag });
  expect(registryHost(ref)).toBe(host);
});

test("a pull tells of its progress and ends with the image on the engine", async () => {
  await using fake = await FakeEngine.start();
  fake.registry.set("app:1", { id: "sha256:1" });
  await using engine = connectEngine({ host: fake.host, env: {} });
  const seen: PullProgress[] = [];
  await engine.pullImage("app:1", { onProgress: (progress) => seen.push(progress) }, never);
  expect(seen).toContainEqual({ layer: "0123456789ab", status: "Downloading", current: 5, total: 10 });
  expect((await engine.inspectImage("app:1", never))?.id).toBe("sha256:1");
});

test.each([
  [
    "toomanyrequests: You have reached your pull rate limit",
    "docker.io limits pulls: log in with `docker login`, or wait",
  ],
  ["manifest unknown", "check the name and the tag"],
  [
    "no matching manifest for linux/amd64 in the manifest list entries",
    "the image does not exist for this platform: set `platform`",
  ],
])("an error in the middle of a good answer is an error: %s", async (error, hint) => {
  await using fake = await FakeEngine.start();
  fake.registry.set("app:1", { error });
  await using engine = connectEngine({ host: fake.host, env: {} });
  const pull = engine.pullImage("app:1", { onProgress: () => {} }, never);
  await expect(pull).rejects.toMatchObject({
    code: "engine-refused",
    message: `the engine could not pull "app:1": ${error}`,
    hint,
  });
});

test("a private image and one that does not exist look the same, and the hint says so", async () => {
  await using fake = await FakeEngine.start();
  await using engine = connectEngine({ host: fake.host, env: {} });
  const pull = engine.pullImage("registry.example/app:1", { onProgress: () => {} }, never);
  await expect(pull).rejects.toMatchObject({
    status: 404,
    hint: expect.stringContaining("docker login registry.example"),
  });
});

const endings: Readonly<Record<string, RequestListener>> = {
  "ends early without an error": (_, response) => response.end('{"status":"Pulling"}\n'),
  "ends inside a message": (_, response) => response.end('{"status":"Pull'),
  "ends with an error that has no line end": (_, response) =>
    response.end('{"status":"Pulling"}\n{"error":"gone","errorDetail":{"message":"gone"}}'),
  "has an error without words": (_, response) => response.end('{"errorDetail":{}}\n'),
  "is not a list of messages": (_, response) => response.end("[]\n"),
};

test.each(Object.entries(endings))("a pull that %s is no success", async (_, listener) => {
  await using server = await RawServer.greeting((request, response) => {
    if (request.method === "POST") listener(request, response);
    else response.writeHead(404).end('{"message":"No such image: app:1"}');
  });
  await using engine = connectEngine({ host: server.host, env: {} });
  await expect(engine.pullImage("app:1", { onProgress: () => {} }, never)).rejects.toMatchObject({
    code: expect.stringMatching(/^engine-/),
  });
});

test("credentials go with the pull alone, encoded for a header", async () => {
  const headers: (string | string[] | undefined)[] = [];
  await using server = await RawServer.greeting((request, response) => {
    headers.push(request.headers["x-registry-auth"]);
    response.writeHead(404).end('{"message":"denied"}');
  });
  await using engine = connectEngine({ host: server.host, env: {} });
  const credentials = { username: "me", password: "pä?ss>", serverAddress: "registry.example" };
  await engine.pullImage("registry.example/app:1", { credentials, onProgress: () => {} }, never).catch(() => {});
  await engine.inspectImage("registry.example/app:1", never);
  expect(headers).toHaveLength(2);
  expect(headers[1]).toBeUndefined();
  expect(headers[0]).toMatch(/^[\w-]+=*$/);
  // Engines read nothing out of base64 whose padding is missing.
  expect(String(headers[0]).length % 4).toBe(0);
  const sent: unknown = JSON.parse(Buffer.from(String(headers[0]), "base64url").toString("utf8"));
  expect(sent).toEqual({ username: "me", password: "pä?ss>", serveraddress: "registry.example" });
});
