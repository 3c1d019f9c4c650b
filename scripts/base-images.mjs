#!/usr/bin/env node
import { busyboxStandIn } from "./base-images/busybox.mjs";
import { copyImages, lookAtHand } from "./base-images/copy.mjs";
import { ubuntuStandIn } from "./base-images/debian.mjs";
import { loadStandIns } from "./base-images/load.mjs";
import { nodeStandIn } from "./base-images/node.mjs";
import { hasImage, pullImage } from "./base-images/pull.mjs";
import { ask } from "./engine/ask.mjs";
import { ensureEngine } from "./engine/default-engine.mjs";
import { ENGINE_LABEL } from "./engine/paths.mjs";
import { isMain, runMain, say, Stop } from "./engine/say.mjs";

/** @typedef {"present" | "copy" | "pull" | "stand-in"} Means how an engine came by an image */

/** The public names that a stand-in may take, each with the recipe of it. */
const RECIPES = /** @type {Record<string, (name: string) => Promise<import("./base-images/load.mjs").StandIn>>} */ ({
  "busybox:latest": busyboxStandIn,
  "ubuntu:latest": ubuntuStandIn,
  "node:lts": nodeStandIn,
});

/** What a pull says when no registry can be reached at all, as opposed to one that doesn't give this image. */
const NO_REGISTRY = /no such host|dial tcp|i\/o timeout|deadline exceeded|in time|connection re|certificate|EOF/u;

/** Why this process found no registry: what one engine of the machine can't reach, the next one needn't try. */
let /** @type {string | undefined} */ unreachable;

/**
 * Makes sure the engine at `host` has the named images: copied from the engine at hand where that is another one, pulled
 * where a registry answers; where none does and these scripts started that engine, a labelled stand-in takes the name.
 * Says what it does; images that are there are left alone.
 *
 * @param {readonly string[]} names without a tag: `latest`
 * @param {{host: string}} engine
 * @returns {Promise<{name: string, by: Means}[]>}
 */
export async function ensureBaseImages(names, { host }) {
  /** @type {Map<string, Means>} */
  const means = new Map();
  const missing = new Set();
  for (const name of new Set(names.map(withTag))) {
    if (await hasImage(host, name)) means.set(name, "present");
    else missing.add(name);
  }
  const atHand = await Promise.all([...missing].map(async (name) => ({ name, has: await lookAtHand(host, name) })));
  const real = atHand.filter(({ has }) => has === "real").map(({ name }) => name);
  if (real.length > 0) await copyImages(host, real);
  /** @type {Map<string, string>} */
  const failed = new Map();
  for (const { name, has } of atHand) {
    const { by, reason } = await obtain(host, name, has);
    means.set(name, by);
    if (reason !== undefined) failed.set(name, reason);
  }
  if (failed.size > 0) await standIn(host, failed);
  return [...means].map(([name, by]) => ({ name, by }));
}

/**
 * Gets an image by the first way that leads to the real one; `stand-in`, with the reason, when none does.
 *
 * @param {string} host
 * @param {string} name
 * @param {"real" | "stand-in" | "nothing"} atHand
 * @returns {Promise<{by: Means, reason?: string}>}
 */
async function obtain(host, name, atHand) {
  if (atHand === "real" && (await hasImage(host, name))) return { by: "copy" };
  if (atHand === "stand-in") return { by: "stand-in", reason: "the engine at hand has a stand-in too" };
  if (unreachable !== undefined) return { by: "stand-in", reason: unreachable };
  say(`pulling ${name}`);
  const reason = await pullImage(host, name);
  if (reason === undefined) return { by: "pull" };
  if (NO_REGISTRY.test(reason)) unreachable = reason;
  return { by: "stand-in", reason };
}

/** Loads stand-ins for the images whose pull failed with the given reasons. */
async function standIn(/** @type {string} */ host, /** @type {ReadonlyMap<string, string>} */ failed) {
  const reasons = [...new Set(failed.values())].join("; ");
  const names = [...failed.keys()];
  if (!(await startedByTheseScripts(host))) {
    throw new Stop(`${names.join(", ")} can't be pulled: ${reasons}`, {
      hint: "Stand-ins are only made on an engine that these scripts started: load the images, or connect to a registry.",
    });
  }
  const images = [];
  for (const name of names) {
    const recipe = RECIPES[name];
    if (recipe === undefined) {
      const hint = `There are stand-ins for ${Object.keys(RECIPES).join(", ")}.`;
      throw new Stop(`${name} can't be pulled: ${failed.get(name)}`, { hint });
    }
    images.push(await recipe(name));
  }
  say(`no registry gives these images here (${reasons})`);
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
