import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { debianCodename } from "./apt.mjs";
import { ask, askVersion } from "./ask.mjs";
import { engineBinaries } from "./binaries.mjs";
import { insideNetwork, ownResolver } from "./network.mjs";
import { ENGINE_LABEL } from "./paths.mjs";
import { endProcess, markProcess } from "./process.mjs";
import { attempt, endOf, until } from "./run.mjs";
import { Stop } from "./say.mjs";
import { giveBack, takeSlot } from "./slot.mjs";

/**
 * @typedef {"28" | "28-c8d" | "20"} PrivateVersion `28-c8d`: the newer engine with containerd's image store
 * @typedef {{version: PrivateVersion, name?: string, flags?: readonly string[], room?: string}} PrivateOptions
 *   `name` is for people; `flags` are further ones of dockerd; `room` is all that its data may take, as `mount` writes
 *   sizes: they are in memory and go when dockerd ends
 */

/** What these engines are made of; without one of them the machine can't have any. */
const COMMANDS = ["ip", "nsenter", "unshare", "setpriv", "flock", "mount", "apt-get", "dpkg"];

/**
 * Runs in mount and UTS namespaces of its own, in the engine's network namespace. /sys has to be mounted anew to show
 * that network; the cgroups (and what security modules keep there) are carried over from the old one.
 */
const SET_UP = `
set -e
old="$1"; resolver="$2"; data="$3"; room="$4"; shift 4
mkdir -p "$old"
mount --rbind /sys "$old"
mount -t sysfs sysfs /sys
for part in fs/cgroup fs/bpf kernel/security kernel/debug kernel/tracing; do
  if mountpoint -q "$old/$part" && [ -d "/sys/$part" ]; then mount --rbind "$old/$part" "/sys/$part"; fi
done
umount -l "$old"
if [ -n "$resolver" ]; then mount --bind "$resolver" /etc/resolv.conf; fi
if [ -n "$room" ]; then mkdir -p "$data"; mount -t tmpfs -o "size=$room" tmpfs "$data"; fi
mount --make-rshared /
exec "$@"
`;

/** Whether this machine lets these scripts start engines of their own, and if not, why. @returns {Promise<{ok: true} | {ok: false, reason: string}>} */
export async function canStartPrivateEngines() {
  if (process.platform !== "linux") return { ok: false, reason: "engines of one's own need Linux" };
  if (process.getuid?.() !== 0) return { ok: false, reason: "engines of one's own need root" };
  if (debianCodename() === undefined)
    return { ok: false, reason: "engines of one's own are made from Debian's packages" };
  for (const command of COMMANDS) {
    // What only `ip` is missing for can be installed with the engine's binaries.
    if (command !== "ip" && (await attempt(["which", command])).code !== 0)
      return { ok: false, reason: `the command ${command} is missing` };
  }
  const namespaces = await attempt(["unshare", "--mount", "--uts", "--net", "true"]);
  return namespaces.code === 0
    ? { ok: true }
    : { ok: false, reason: `namespaces can't be made: ${namespaces.stderr.trim()}` };
}

/**
 * Starts an engine of its own: own network namespace, data, sockets; it disturbs no other engine, and it ends with this
 * process. Its published ports answer on 127.0.0.1 inside that namespace, which is where `exec` runs commands.
 */
export async function startPrivateEngine(
  /** @type {PrivateOptions} */ { version, name = "private", flags = [], room = "" },
) {
  const possible = await canStartPrivateEngines();
  if (!possible.ok) throw new Stop(`No private engine on this machine: ${possible.reason}.`, { exitCode: 3 });
  const binaries = await engineBinaries(version === "20" ? "20" : "28");
  const feature = version === "28-c8d" ? ["--feature=containerd-snapshotter=true"] : [];
  const slot = await takeSlot(name);
  try {
    const engine = new PrivateEngine(slot, binaries, { flags: [...feature, ...flags], room });
    await engine.start();
    return engine;
  } catch (error) {
    await giveBack(slot.number);
    throw error;
  }
}

/** A running engine with its way to the end: `start` ⇄ `kill` as often as wanted, then `stop` once and for all. */
export class PrivateEngine {
  #slot;
  #binaries;
  #flags;
  #room;
  /** @type {import("./process.mjs").ProcessMark | undefined} */
  #process;
  /** @type {Promise<void> | undefined} */
  #stopped;
  #version = "";

  /**
   * @param {import("./slot.mjs").Slot} slot
   * @param {import("./binaries.mjs").Binaries} binaries
   * @param {{ flags: readonly string[], room: string }} options
   */
  constructor(slot, binaries, { flags, room }) {
    this.#slot = slot;
    this.#binaries = binaries;
    this.#flags = flags;
    this.#room = room;
    this.socket = join(slot.folder, "docker.sock");
    this.host = `unix://${this.socket}`;
    this.netns = slot.network.netns;
    this.log = join(slot.folder, "dockerd.log");
  }

  /** The version that the engine itself names. */
  get version() {
    return this.#version;
  }

  /** The process id of dockerd. */
  get pid() {
    return this.#process?.pid ?? 0;
  }

  /** Starts dockerd on the slot's data (again, after `kill`) and waits until it answers, 60 s at most. */
  async start() {
    // Left by a killed dockerd, whose process id may belong to somebody else by now.
    for (const file of ["dockerd.pid", "docker.sock", "exec/containerd/containerd.pid"]) {
      rmSync(join(this.#slot.folder, file), { force: true });
    }
    writeFileSync(join(this.#slot.folder, "daemon.json"), "{}\n");
    const log = openSync(this.log, "a");
    const [command = "", ...args] = this.#command();
    const child = spawn(command, args, {
      cwd: "/",
      env: { ...process.env, PATH: this.#binaries.path },
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    let failure = "";
    child.on("error", (error) => {
      failure = error.message;
    });
    child.on("exit", (code, signal) => {
      failure = `dockerd ended with ${signal ?? code}`;
    });
    this.#process = markProcess(child.pid ?? 0);
    const ready = async () => failure !== "" || (existsSync(this.socket) && (await askVersion(this.host, 1_000)));
    await until(ready, { timeout: 60_000 });
    child.unref();
    const answer = await askVersion(this.host);
    if (failure === "" && answer !== undefined) {
      this.#version = answer.version;
      return;
    }
    throw new Stop(`The private engine did not start (${failure || "no answer for 60 s"}). ${endOf(this.log)}`, {
      exitCode: 3,
    });
  }

  /** Ends dockerd alone, as a crash (SIGKILL) or a service stop (SIGTERM) would; its containers are dockerd's to end. */
  async kill(/** @type {NodeJS.Signals} */ signal = "SIGKILL") {
    if (this.#process !== undefined && !(await endProcess(this.#process, signal)))
      throw new Error(`dockerd survived ${signal}`);
  }

  /** Runs a command to its end in the engine's network namespace. @param {readonly string[]} argv @param {import("./run.mjs").RunOptions} [options] */
  exec(argv, options) {
    return attempt(insideNetwork(this.netns, argv), options);
  }

  /** Starts a command in the engine's network namespace; the caller owns the process. @param {readonly string[]} argv @param {import("node:child_process").SpawnOptions} [options] */
  spawn(argv, options = {}) {
    const [command = "", ...args] = insideNetwork(this.netns, argv);
    return spawn(command, args, options);
  }

  /** One call of the engine's API. @param {string} path @param {import("./ask.mjs").CallOptions} [options] */
  ask(path, options) {
    return ask(this.host, path, options);
  }

  /** Ends the engine with its containers and takes away all it used on the machine. May be called again. */
  stop() {
    this.#stopped ??= giveBack(this.#slot.number);
    return this.#stopped;
  }

  #command() {
    const { folder, dataRoot, cgroup, network } = this.#slot;
    // A process that dies without stopping its engine takes it along; the next start clears away the rest.
    const enter = ["setpriv", "--pdeathsig", "TERM", "nsenter", `--net=/run/netns/${network.netns}`];
    const setUp = [
      "unshare",
      "--mount",
      "--uts",
      "--propagation",
      "private",
      "sh",
      "-c",
      SET_UP,
      "dockerd",
      join(folder, "sys"),
      ownResolver(),
      dataRoot,
      this.#room,
    ];
    return [
      ...enter,
      ...setUp,
      this.#binaries.dockerd,
      `--host=${this.host}`,
      `--config-file=${join(folder, "daemon.json")}`,
      `--data-root=${dataRoot}`,
      `--exec-root=${join(folder, "exec")}`,
      `--pidfile=${join(folder, "dockerd.pid")}`,
      `--bip=${network.bridge}`,
      `--default-address-pool=${network.pool}`,
      "--exec-opt=native.cgroupdriver=cgroupfs",
      `--cgroup-parent=/${cgroup}`,
      `--label=${ENGINE_LABEL}=started-by-dock-scripts`,
      ...this.#flags,
    ];
  }
}
