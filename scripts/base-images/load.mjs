import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ask } from "../engine/ask.mjs";
import { cacheFolder } from "../engine/paths.mjs";
import { Stop } from "../engine/say.mjs";

/**
 * @typedef {{name: string, about: string, layers: {layer: import("./layer.mjs").Layer, by: string}[],
 *   config: {Cmd: string[], Env: string[], Entrypoint?: string[]}}} StandIn
 *   a whole image: its name with tag, what it really is, its layers (each with the line that `docker history` shows)
 */

/** Marks an image that only stands in for the public one of its name; the value says what it really is. */
export const STAND_IN_LABEL = "dev.dock.stand-in";

/** Loads images into an engine in one go, a layer that several of them share only once. */
export async function loadStandIns(/** @type {string} */ host, /** @type {readonly StandIn[]} */ images) {
  mkdirSync(cacheFolder("stand-ins"), { recursive: true });
  const folder = mkdtempSync(cacheFolder("stand-ins", "load-"));
  try {
    const manifest = images.map((image) => {
      const config = imageConfig(image);
      const id = createHash("sha256").update(config).digest("hex");
      writeFileSync(join(folder, `${id}.json`), config);
      return { Config: `${id}.json`, RepoTags: [image.name], Layers: image.layers.map(({ layer }) => tarName(layer)) };
    });
    const files = new Map(images.flatMap(({ layers }) => layers.map(({ layer }) => [tarName(layer), layer.file])));
    for (const [entry, file] of files) symlinkSync(file, join(folder, entry));
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
    await send(host, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const tarName = (/** @type {import("./layer.mjs").Layer} */ layer) => `${layer.diffId.slice("sha256:".length)}.tar`;

async function send(/** @type {string} */ host, /** @type {string} */ folder) {
  const tar = spawn("tar", ["--create", "--dereference", "-C", folder, "."], { stdio: ["ignore", "pipe", "inherit"] });
  const call = { method: "POST", body: tar.stdout, type: "application/x-tar", timeout: 120_000, deadline: 300_000 };
  const answer = await ask(host, "/images/load?quiet=1", call).finally(() => tar.kill("SIGKILL"));
  const failed = answer.body.split("\n").find((line) => line.includes('"error"'));
  if (answer.status !== 200 || failed !== undefined) {
    throw new Stop(`The engine did not take the stand-in images: ${(failed ?? answer.body).trim()}`);
  }
}

/** The image configuration as JSON; its hash is the image's id, so equal layers give equal ids on every engine. */
function imageConfig(/** @type {StandIn} */ { about, layers, config }) {
  const created = layers.at(-1)?.layer.created;
  return JSON.stringify({
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    created,
    config: { ...config, Labels: { [STAND_IN_LABEL]: about } },
    rootfs: { type: "layers", diff_ids: layers.map(({ layer }) => layer.diffId) },
    history: [
      ...layers.map(({ layer, by }) => ({ created: layer.created, created_by: by })),
      { created, created_by: `CMD ${JSON.stringify(config.Cmd)}`, empty_layer: true },
    ],
  });
}
