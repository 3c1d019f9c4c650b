import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "rolldown";

/** A project that has a little of what most have. */
const project = (/** @type {number} */ freePort) => `
vars: { GREETING: hello }
services:
  web:
    image: app:latest
    command: ["serve", "--port", "80"]
    environment: { GREETING: "\${GREETING} world", MODE: production }
    ports: ["${freePort}:80"]
    mounts: ["data:/data", "./config:/etc/app:ro"]
    depends_on: [store]
  store:
    image: app:latest
    restart: unless-stopped
volumes:
  data:
`;

/** The everyday commands, when there is nothing to do: what takes long anyway need not start sooner. */
const LESSONS = [["up", "-d"], ["--help"], ["ps"], ["plan"], ["config"], ["validate"]];

/**
 * Runs everyday commands of the release in a directory against an engine that is only played, and gives the code caches
 * that they leave: file name and content.
 *
 * @param {string} release directory with `dock.js`
 * @param {string} root the checkout, for the played engine
 * @returns {Promise<Map<string, Buffer>>}
 */
export async function train(release, root) {
  const folder = await mkdtemp(join(tmpdir(), "dock-train-"));
  try {
    const cwd = join(folder, "project");
    await mkdir(join(cwd, "config"), { recursive: true });
    await writeFile(join(cwd, "dock.yaml"), project(await freePort()));
    const file = join(folder, "engine.mjs");
    await build({
      input: join(root, "test/support/fake-engine.ts"),
      platform: "node",
      output: { file },
      logLevel: "silent",
    });
    const { FakeEngine } = await import(pathToFileURL(file).href);
    const engine = await FakeEngine.start();
    try {
      engine.addImage({ tags: ["app:latest"] });
      const env = { PATH: process.env["PATH"], HOME: folder, XDG_CACHE_HOME: folder, DOCKER_HOST: engine.host };
      await run([join(release, "dock.js"), "up", "-d"], { cwd, env: { ...env, XDG_CACHE_HOME: "/dev/null" } });
      for (const words of LESSONS) await run([join(release, "dock.js"), ...words], { cwd, env });
    } finally {
      await engine[Symbol.asyncDispose]();
    }
    const caches = join(folder, "dockyaml/code");
    const names = await readdir(caches);
    const contents = await Promise.all(names.map((name) => readFile(join(caches, name))));
    // What a run leaves holds everything twice.
    return new Map(contents.map((twice, index) => [names[index] ?? "", twice.subarray(0, twice.length / 2)]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** @param {readonly string[]} args @param {import("node:child_process").SpawnOptions} options */
function run(args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { ...options, stdio: ["ignore", "ignore", "pipe"], timeout: 60_000 });
    let errors = "";
    child.stderr?.setEncoding("utf8").on("data", (text) => (errors += text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(undefined);
      else
        reject(
          new Error(`dock ${args.slice(1).join(" ")} ended with ${code} while the release was trained:\n${errors}`),
        );
    });
  });
}
