import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBaseImages } from "../scripts/base-images.mjs";
import { ask } from "../scripts/engine/ask.mjs";
import { canStartPrivateEngines, ensureEngine, startPrivateEngine } from "../scripts/engine.mjs";
import { say } from "../scripts/engine/say.mjs";
import { ensurePeers } from "../scripts/peers.mjs";
import { ROOT } from "../scripts/setup/dependencies.mjs";
import { memoryPeak, timed } from "./program.mjs";

/** @typedef {"dock" | "peer"} Side */

/**
 * What cases run in: one engine for both sides, a folder, and the programs with what has to be in their environment.
 * Caches of dock are the bench's own.
 */
export class World {
  /** @param {{ host: string, isOwn: boolean, engineVersion: string, stop: () => Promise<void>, peers: Awaited<ReturnType<typeof ensurePeers>> }} made */
  constructor({ host, isOwn, engineVersion, stop, peers }) {
    this.host = host;
    this.isOwn = isOwn;
    this.engineVersion = engineVersion;
    this.peers = peers;
    this.folder = mkdtempSync(join(tmpdir(), "dock-bench-"));
    this.env = { ...process.env, ...peers.env, DOCKER_HOST: host, XDG_CACHE_HOME: join(this.folder, "cache") };
    // Node reads that file before it runs anything: a machine's whole bundle takes it some 20 ms, whatever the program.
    delete this.env["NODE_EXTRA_CA_CERTS"];
    this.program = process.env["DOCK_PROGRAM"] ?? join(ROOT, "dist/dock.js");
    this.stopEngine = stop;
  }

  /** An empty directory. */
  directory(/** @type {string} */ name) {
    const path = join(this.folder, name);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** A directory for each side with the same files in it. @param {string} name @param {Record<string, string>} files */
  twins(name, files) {
    /** @type {Record<Side, string>} */
    const twins = { dock: this.directory(`${name}/dock`), peer: this.directory(`${name}/peer`) };
    for (const directory of Object.values(twins)) {
      for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
    }
    return twins;
  }

  dock(/** @type {string} */ cwd, /** @type {string[]} */ ...words) {
    return timed([this.program, ...words], { cwd, env: this.env });
  }

  compose(/** @type {string} */ cwd, /** @type {string[]} */ ...words) {
    return timed([this.peers.docker, "compose", ...words], { cwd, env: this.env });
  }

  buildx(/** @type {string} */ cwd, /** @type {string[]} */ ...words) {
    return timed([this.peers.docker, "buildx", ...words], { cwd, env: this.env });
  }

  /** The same words for dock, or for compose on the peer's side. */
  run(/** @type {Side} */ side, /** @type {string} */ cwd, /** @type {string[]} */ ...words) {
    return side === "dock" ? this.dock(cwd, ...words) : this.compose(cwd, ...words);
  }

  /** The peak of memory, in MB, of dock, or of `docker` on the peer's side. */
  peak(/** @type {Side} */ side, /** @type {string} */ cwd, /** @type {string[]} */ ...words) {
    return memoryPeak([side === "dock" ? this.program : this.peers.docker, ...words], { cwd, env: this.env });
  }

  /** The engine's answer to a call of its API, which has to be a good one. @param {string} path @param {import("../scripts/engine/ask.mjs").CallOptions} [options] */
  async ask(path, options) {
    const { status, body } = await ask(this.host, path, { timeout: 120_000, ...options });
    if (status >= 400) throw new Error(`${path}: ${status} ${body}`);
    return body === "" ? undefined : JSON.parse(body);
  }

  /** Takes away what cases left; the builder's cache only on an engine of the bench's own. */
  async clear() {
    for (const { Id, Names } of await this.ask("/containers/json?all=1")) {
      if (ofBench(Names[0].slice(1))) await this.ask(`/containers/${Id}?force=1&v=1`, { method: "DELETE" });
    }
    for (const { Id, Name } of await this.ask("/networks")) {
      if (ofBench(Name)) await this.ask(`/networks/${Id}`, { method: "DELETE" });
    }
    for (const { Id, RepoTags } of await this.ask("/images/json")) {
      if (RepoTags?.some(ofBench)) await this.ask(`/images/${Id}?force=1`, { method: "DELETE" });
    }
    if (this.isOwn) await this.ask("/build/prune?all=1", { method: "POST" });
  }

  async close() {
    rmSync(this.folder, { recursive: true, force: true });
    await this.stopEngine();
  }
}

const ofBench = (/** @type {string} */ name) => name.startsWith("bench-");

/** An engine of the bench's own where the machine lets it have one, else the one at hand, with the peers and the base image. */
export async function makeWorld() {
  const peers = await ensurePeers();
  const can = await canStartPrivateEngines();
  if (!can.ok) say(`no engine of the bench's own here (${can.reason}): using the one at hand`);
  const engine = can.ok
    ? await startPrivateEngine({ version: "28", name: "bench" })
    : { ...(await ensureEngine()), stop: async () => {} };
  const stop = async () => engine.stop();
  try {
    await ensureBaseImages(["busybox:latest"], { host: engine.host });
    const { body } = await ask(engine.host, "/version");
    return new World({ host: engine.host, isOwn: can.ok, engineVersion: JSON.parse(body).Version, stop, peers });
  } catch (error) {
    await stop();
    throw error;
  }
}
