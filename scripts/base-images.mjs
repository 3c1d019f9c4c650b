#!/usr/bin/env node
import { busyboxStandIn } from "./base-images/busybox.mjs";
import { ubuntuStandIn } from "./base-images/debian.mjs";
import { loadStandIns } from "./base-images/load.mjs";
import { nodeStandIn } from "./base-images/node.mjs";
import { hasImage, pullImage } from "./base-images/pull.mjs";
import { ask } from "./engine/ask.mjs";
import { ensureEngine } from "./engine/default-engine.mjs";
import { ENGINE_LABEL } from "./engine/paths.mjs";
import { isMain, runMain, say, Stop } from "./engine/say.mjs";

/** The public names that a stand-in may take, each with the recipe of it. */
const RECIPES = /** @type {Record<string, (name: string) => Promise<import("./base-images/load.mjs").StandIn>>} */ ({
  "busybox:latest": busyboxStandIn,
  "ubuntu:latest": ubuntuStandIn,
  "node:lts": nodeStandIn,
});

/**
 * Makes sure the engine at `host` has the named images: pulled where a registry answers; where none does and these scripts
 * started that engine, a labelled stand-in takes the name. Says what it does; images that are there are left alone.
 *
 * @param {readonly string[]} names without a tag: `latest`
 * @param {{host: string}} engine
 * @returns {Promise<{name: string, by: "present" | "pull" | "stand-in"}[]>}
 */
export async function ensureBaseImages(names, { host }) {
  /** @type {{name: string, by: "present" | "pull" | "stand-in"}[]} */
  const results = [];
  /** @type {string | undefined} */
  let unreachable;
  for (const name of new Set(names.map(withTag))) {
    if (await hasImage(host, name)) {
      results.push({ name, by: "present" });
      continue;
    }
    if (unreachable === undefined) {
      say(`pulling ${name}`);
      unreachable = await pullImage(host, name);
    }
    results.push({ name, by: unreachable === undefined ? "pull" : "stand-in" });
  }
  const wanted = results.filter(({ by }) => by === "stand-in").map(({ name }) => name);
  if (wanted.length > 0) await standIn(host, wanted, unreachable ?? "");
  return results;
}

async function standIn(
  /** @type {string} */ host,
  /** @type {readonly string[]} */ names,
  /** @type {string} */ reason,
) {
  if (!(await startedByTheseScripts(host))) {
    throw new Stop(`${names.join(", ")} can't be pulled: ${reason}`, {
      hint: "Stand-ins are only made on an engine that these scripts started: load the images, or connect to a registry.",
    });
  }
  const images = [];
  for (const name of names) {
    const recipe = RECIPES[name];
    if (recipe === undefined) {
      throw new Stop(`${name} can't be pulled: ${reason}`, {
        hint: `There are stand-ins for ${Object.keys(RECIPES).join(", ")}.`,
      });
    }
    images.push(await recipe(name));
  }
  say(`no registry gives these images here (${reason})`);
  for (const { name, about } of images) say(`loading a stand-in for ${name}: ${about}`);
  await loadStandIns(host, images);
}

async function startedByTheseScripts(/** @type {string} */ host) {
  const { body } = await ask(host, "/info", { timeout: 30_000 });
  const labels = /** @type {string[]} */ (JSON.parse(body).Labels ?? []);
  return labels.some((label) => label.startsWith(`${ENGINE_LABEL}=`));
}

const withTag = (/** @type {string} */ name) => (/:[^/]+$|@/u.test(name) ? name : `${name}:latest`);

async function main() {
  const names = process.argv.slice(2);
  if (names.length === 0 || names.some((name) => name.startsWith("-"))) {
    throw new Stop("usage: node scripts/base-images.mjs NAME[:TAG]…", { exitCode: 2 });
  }
  const { host } = await ensureEngine({ quiet: true });
  for (const { name, by } of await ensureBaseImages(names, { host })) if (by === "present") say(`${name} is there`);
}

if (isMain(import.meta.url)) await runMain(main);
