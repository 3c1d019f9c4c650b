// `npm run test:registry`: push, pull and build cache between two engines and a registry of our own with a password.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBaseImages } from "./base-images.mjs";
import { canStartPrivateEngines, insideNetwork, startPrivateEngine } from "./engine.mjs";
import { unpackPackages } from "./engine/apt.mjs";
import { withLock } from "./engine/lock.mjs";
import { cacheFolder } from "./engine/paths.mjs";
import { endProcess, markProcess } from "./engine/process.mjs";
import { run, until } from "./engine/run.mjs";
import { runMain, say, Stop } from "./engine/say.mjs";
import { ensureBuild, ensureDependencies, ROOT, runProgram } from "./setup/dependencies.mjs";

const PORT = 5000;
const USER = "tester";

/** Pairs of engines that an image goes between, from the first to the second; builders of other years don't share a cache. */
const PAIRS = /** @type {const} */ ([
  ["28-c8d", "28"],
  ["28", "28-c8d"],
  ["20", "20"],
]);

async function main() {
  await ensureDependencies();
  await ensureBuild();
  const can = await canStartPrivateEngines();
  if (!can.ok) throw new Stop(`no engines of their own here: ${can.reason}`, { exitCode: 3 });
  const program = await registryProgram();
  let failed = 0;
  for (const pair of PAIRS) {
    say(`\nfrom an engine ${pair[0]} to an engine ${pair[1]}`);
    failed += (await between(pair, program)) === 0 ? 0 : 1;
  }
  return failed === 0 ? 0 : 1;
}

/** Debian's registry, unpacked into the cache folder the first time. */
async function registryProgram() {
  const root = cacheFolder("registry");
  await withLock(`${root}.lock`, async () => {
    if (existsSync(join(root, "ready"))) return;
    say("fetching docker-registry from Debian's packages");
    const fresh = `${root}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    await unpackPackages({ packages: ["docker-registry"], into: fresh });
    writeFileSync(join(fresh, "ready"), "");
    rmSync(root, { recursive: true, force: true });
    renameSync(fresh, root);
  });
  return join(root, "usr/bin/docker-registry");
}

/**
 * Runs the tests with a registry on the loopback of each engine's network, both on one storage: to the engines it is one.
 *
 * @param {(typeof PAIRS)[number]} pair @param {string} program
 */
async function between(pair, program) {
  const folder = await mkdtemp(join(tmpdir(), "dock-registry-"));
  /** @type {(() => Promise<unknown>)[]} */
  const endings = [() => rm(folder, { recursive: true, force: true })];
  try {
    const password = randomBytes(12).toString("hex");
    const config = await configure(folder, password);
    const engines = [];
    for (const version of pair) {
      const engine = await startPrivateEngine({ version, name: "registry" });
      endings.push(() => engine.stop());
      await ensureBaseImages(["busybox:latest"], { host: engine.host });
      endings.push(await serve(engine.netns, program, config));
      engines.push(engine.host);
    }
    const env = { DOCK_REGISTRY: JSON.stringify({ engines, address: `127.0.0.1:${PORT}`, user: USER, password }) };
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    return await runProgram(process.execPath, [vitest, "run", "--project", "registry"], { minutes: 10, env });
  } finally {
    for (const end of endings.reverse()) await end();
  }
}

/** @param {string} folder @param {string} password */
async function configure(folder, password) {
  // Perl's crypt is the C library's, which knows bcrypt: the one form that the registry reads.
  const salt = `$2b$05$${randomBytes(16).toString("hex").slice(0, 21)}u`;
  const hash = await run(["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, salt]);
  const [file, users] = [join(folder, "config.yml"), join(folder, "htpasswd")];
  await writeFile(users, `${USER}:${hash.trim()}\n`, { mode: 0o600 });
  await writeFile(
    file,
    JSON.stringify({
      version: 0.1,
      log: { level: "error", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${PORT}` },
      auth: { htpasswd: { realm: "tests", path: users } },
    }),
  );
  return file;
}

/** @param {string} netns @param {string} program @param {string} config */
async function serve(netns, program, config) {
  const [command = "", ...args] = insideNetwork(netns, [program, "serve", config]);
  const child = spawn(command, args, { stdio: "ignore" });
  const mark = child.pid === undefined ? undefined : markProcess(child.pid);
  const [asker = "", ...question] = insideNetwork(netns, [
    process.execPath,
    "-e",
    `require("net").connect(${PORT}, "127.0.0.1").on("connect", () => process.exit(0)).on("error", () => process.exit(1))`,
  ]);
  await until(async () => (await runProgram(asker, question, { minutes: 1 })) === 0);
  return async () => {
    if (mark) await endProcess(mark, "SIGTERM");
  };
}

await runMain(main);
