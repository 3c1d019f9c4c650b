import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { credentialsFor } from "../../src/engine/auth.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "dock-auth-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function configure(config: object): Promise<Readonly<Record<string, string | undefined>>> {
  await writeFile(join(directory, "config.json"), JSON.stringify(config));
  return { DOCKER_CONFIG: directory, PATH: `${directory}${delimiter}${process.env["PATH"]}` };
}

/** A helper that answers with what `script` prints; `$KEY` is what it was asked for. */
async function addHelper(name: string, script: string): Promise<void> {
  const path = join(directory, `docker-credential-${name}`);
  await writeFile(path, `#!/bin/sh\nread -r KEY\n${script}\n`);
  await chmod(path, 0o755);
}

const encoded = (text: string): string => Buffer.from(text).toString("base64");
const HUB = "https://index.docker.io/v1/";

test("nothing is known without a configuration", async () => {
  expect(await credentialsFor("docker.io", { DOCKER_CONFIG: directory })).toBeUndefined();
});

test("the hub goes by one key, whatever it is called", async () => {
  const env = await configure({ auths: { [HUB]: { auth: encoded("me:pass:word") } } });
  const wanted = { username: "me", password: "pass:word", serverAddress: HUB };
  expect(await credentialsFor("docker.io", env)).toEqual(wanted);
  expect(await credentialsFor("registry-1.docker.io", env)).toEqual(wanted);
  expect(await credentialsFor("registry.example", env)).toBeUndefined();
});

test("a registry's entry may be written as a URL, and hold a token", async () => {
  const env = await configure({
    auths: { "https://registry.example/v2/": { auth: encoded("me:"), identitytoken: "token" }, "local:5000": {} },
  });
  expect(await credentialsFor("registry.example", env)).toEqual({
    username: "me",
    password: "",
    identityToken: "token",
    serverAddress: "registry.example",
  });
  expect(await credentialsFor("local:5000", env)).toBeUndefined();
});

test("a helper for the host comes before the store, and the store before the file", async () => {
  const env = await configure({
    credHelpers: { "registry.example": "one" },
    credsStore: "all",
    auths: { "other.example": { auth: encoded("file:file") } },
  });
  await addHelper("one", `echo '{"ServerURL":"x","Username":"one","Secret":"s1"}'`);
  await addHelper(
    "all",
    `[ "$KEY" = other.example ] && { echo "credentials not found in native keychain"; exit 1; }\necho "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"$KEY\\"}"`,
  );
  expect(await credentialsFor("registry.example", env)).toMatchObject({ username: "one", password: "s1" });
  expect(await credentialsFor("docker.io", env)).toEqual({
    username: "",
    password: "",
    identityToken: HUB,
    serverAddress: HUB,
  });
  expect(await credentialsFor("other.example", env)).toMatchObject({ username: "file" });
});

test("a helper that is missing, fails or talks nonsense is an error that names it and keeps secrets to itself", async () => {
  const env = await configure({
    credHelpers: { "a.example": "missing", "b.example": "fails", "c.example": "nonsense", "d.example": "../evil" },
  });
  await addHelper("fails", "echo keychain is locked; exit 2");
  await addHelper("nonsense", "echo my-secret");
  await expect(credentialsFor("a.example", env)).rejects.toMatchObject({
    code: "operation-failed",
    message: expect.stringContaining("docker-credential-missing gave no credentials: it is not installed"),
  });
  await expect(credentialsFor("b.example", env)).rejects.toThrow("keychain is locked");
  const failure: unknown = await credentialsFor("c.example", env).catch((error: unknown) => error);
  expect(String(failure)).toContain("its answer is not JSON");
  expect(String(failure)).not.toContain("my-secret");
  await expect(credentialsFor("d.example", env)).rejects.toThrow("no name of a credential helper");
});
