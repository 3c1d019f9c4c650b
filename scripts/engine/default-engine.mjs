import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { debianCodename } from "./apt.mjs";
import { askVersion } from "./ask.mjs";
import { engineBinaries } from "./binaries.mjs";
import { bridgesOf, clearNetwork, lookAtNetwork } from "./host-network.mjs";
import { DEFAULT_HOST, locateEngine } from "./locate.mjs";
import { withLock } from "./lock.mjs";
import { DATA_FOLDER, ENGINE_LABEL, RUN_FOLDER } from "./paths.mjs";
import { dockerdBeside, endProcess, isAlive, markProcess } from "./process.mjs";
import { attempt, endOf, until } from "./run.mjs";
import { say, Stop } from "./say.mjs";
import { slotsInUse } from "./slot.mjs";

const STATE = join(RUN_FOLDER, "engine.json");
const LOG = join(RUN_FOLDER, "engine.log");
const EXEC_ROOT = join(RUN_FOLDER, "engine");
const DATA_ROOT = join(DATA_FOLDER, "engine");
const LOCK = join(RUN_FOLDER, "engine.lock");

/**
 * @typedef {{host: string, version: string, api: string, from: string, startedByUs: boolean}} FoundEngine
 * @typedef {import("./process.mjs").ProcessMark & {version: string, before: import("./host-network.mjs").NetworkBefore}} EngineState
 */

/**
 * Gives an engine that answers: the one that `docker` would use, else (only as root on Debian) one that it starts at the
 * default socket. A `Stop` with exit code 3 says what to do where there is none.
 *
 * @param {{quiet?: boolean}} [options] quiet: say nothing when an engine is already there
 * @returns {Promise<FoundEngine>}
 */
export async function ensureEngine({ quiet = false } = {}) {
  const found = await findEngine();
  if (found !== undefined) {
    if (!quiet) say(`using Docker Engine ${found.version} at ${found.host} (${found.from})`);
    return found;
  }
  refuseUnlessOurs();
  return withLock(LOCK, async () => (await findEngine()) ?? startEngine());
}

/** The engine that is there, or undefined when none is; one that was asked for but doesn't answer is a `Stop`. */
export async function findEngine() {
  const { host, from, chosen } = locateEngine();
  if (!/^(unix|tcp|https?):\/\//u.test(host)) {
    throw new Stop(`${from} names ${host}: these scripts can only talk to unix:// and tcp:// engines.`, {
      exitCode: 3,
    });
  }
  const version = await askVersion(host);
  if (version !== undefined)
    return { host, from, ...version, startedByUs: host === DEFAULT_HOST && isAlive(readState()) };
  if (!chosen) return undefined;
  throw new Stop(`${from} names the engine at ${host}, but nothing answers there.`, {
    exitCode: 3,
    hint: "Start that engine, or unset it to use the default socket.",
  });
}

/** The engine that `ensureEngine` started earlier, if it still runs. */
export function startedEngine() {
  const state = readState();
  return isAlive(state) ? state : undefined;
}

/** Stops the engine that `ensureEngine` started, and only that one; true when there was one. */
export async function stopEngine() {
  if (!existsSync(STATE)) return false;
  return withLock(LOCK, async () => {
    const state = readState();
    const running = isAlive(state);
    const bridges = running ? await bridgesOf(DEFAULT_HOST) : [];
    if (state !== undefined && running) {
      const gone = (await endProcess(state, "SIGTERM", 30_000)) || (await endProcess(state, "SIGKILL"));
      if (!gone) throw new Stop(`The engine (process ${state.pid}) can't be ended.`);
    }
    rmSync(STATE, { force: true });
    // dockerd may have made its data folder a mount of its own, and doesn't always take that back.
    await attempt(["umount", DATA_ROOT]);
    // An engine that crashed may still have containers: its network is left to the next start.
    if (state?.before !== undefined && running && dockerdBeside() === undefined) {
      await clearNetwork(state.before, bridges, slotsInUse().length > 0);
    }
    return running;
  });
}

/** @returns {EngineState | undefined} */
function readState() {
  try {
    return JSON.parse(readFileSync(STATE, "utf8"));
  } catch {
    return undefined;
  }
}

/** Stops with what to do instead, on every machine where starting an engine is not ours to do. */
function refuseUnlessOurs() {
  const hint = "Install and start Docker (https://docs.docker.com/engine/install/), or set DOCKER_HOST.";
  const socket = DEFAULT_HOST.slice("unix://".length);
  const root = process.getuid?.() === 0;
  if (existsSync(socket) && !root) {
    throw new Stop(`${socket} is there, but doesn't answer to this user.`, {
      exitCode: 3,
      hint: "Start the engine, or join the group that owns the socket (usually docker).",
    });
  }
  if (debianCodename() === undefined || !root) {
    throw new Stop("No Docker Engine answers on this machine.", { exitCode: 3, hint });
  }
  if (
    existsSync("/run/systemd/system") &&
    ["/lib", "/etc"].some((top) => existsSync(`${top}/systemd/system/docker.service`))
  ) {
    throw new Stop("Docker is installed, but not running.", { exitCode: 3, hint: "Start it: systemctl start docker" });
  }
  const other = dockerdBeside();
  if (other !== undefined) {
    throw new Stop(`Another dockerd (process ${other}) runs in this network, but not at the default socket.`, {
      exitCode: 3,
      hint: "A second one would break its firewall rules: set DOCKER_HOST to it.",
    });
  }
}

/** @returns {Promise<FoundEngine>} */
async function startEngine() {
  const binaries = await engineBinaries();
  say(`starting Docker Engine ${binaries.version} at ${DEFAULT_HOST}`);
  for (const folder of [EXEC_ROOT, DATA_ROOT]) mkdirSync(folder, { recursive: true, mode: 0o711 });
  // Every pid file and socket here is from an engine that is gone: a reused process id must not stop the new one.
  const stale = [
    `${EXEC_ROOT}.pid`,
    join(EXEC_ROOT, "containerd/containerd.pid"),
    DEFAULT_HOST.slice("unix://".length),
  ];
  for (const file of stale) rmSync(file, { force: true });
  writeFileSync(join(RUN_FOLDER, "engine.conf"), "{}\n");
  const before = readState()?.before ?? (await lookAtNetwork());
  const log = openSync(LOG, "w");
  const child = spawn(
    binaries.dockerd,
    [
      `--host=${DEFAULT_HOST}`,
      `--config-file=${join(RUN_FOLDER, "engine.conf")}`,
      `--data-root=${DATA_ROOT}`,
      `--exec-root=${EXEC_ROOT}`,
      `--pidfile=${EXEC_ROOT}.pid`,
      `--label=${ENGINE_LABEL}=started-by-dock-scripts`,
    ],
    { cwd: "/", env: { ...process.env, PATH: binaries.path }, detached: true, stdio: ["ignore", log, log] },
  );
  closeSync(log);
  let failure = "";
  child.on("error", (error) => {
    failure = error.message;
  });
  child.on("exit", (code) => {
    failure = `dockerd ended with ${code}`;
  });
  const mark = markProcess(child.pid ?? 0);
  writeFileSync(STATE, `${JSON.stringify({ ...mark, version: binaries.version, before })}\n`);
  await until(async () => failure !== "" || (await askVersion(DEFAULT_HOST, 1_000)), { timeout: 60_000, every: 50 });
  const version = await askVersion(DEFAULT_HOST);
  child.unref();
  if (failure !== "" || version === undefined) {
    await endProcess(mark, "SIGKILL");
    rmSync(STATE, { force: true });
    throw new Stop(`The engine did not start (${failure || "no answer for 60 s"}). ${endOf(LOG)}`, { exitCode: 3 });
  }
  say(`Docker Engine ${version.version} is up (log: ${LOG})`);
  return { host: DEFAULT_HOST, from: "started by this script", ...version, startedByUs: true };
}
