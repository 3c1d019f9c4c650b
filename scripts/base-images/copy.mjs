import { ask, call } from "../engine/ask.mjs";
import { locateEngine } from "../engine/locate.mjs";
import { STAND_IN_LABEL } from "./load.mjs";

const PATIENCE = { timeout: 120_000, deadline: 600_000 };

/**
 * What the engine at hand (the one `docker` would use) has of an image that `host` lacks: the `real` one, a `stand-in`, or
 * `nothing`, which is also the answer where there is no such engine or it is `host` itself.
 *
 * @param {string} host
 * @param {string} name with its tag
 * @returns {Promise<"real" | "stand-in" | "nothing">}
 */
export async function lookAtHand(host, name) {
  try {
    const { host: at } = locateEngine();
    if (at === host || !/^(unix|tcp|https?):/u.test(at)) return "nothing";
    const { status, body } = await ask(at, `/images/${name}/json`);
    if (status !== 200) return "nothing";
    return STAND_IN_LABEL in (JSON.parse(body).Config?.Labels ?? {}) ? "stand-in" : "real";
  } catch {
    return "nothing";
  }
}

/**
 * Copies images from the engine at hand to another one in one go, which spares every engine of a test's own the download.
 * A copy that fails is no error: the image is just not there afterwards.
 *
 * @param {string} host the engine that gets them
 * @param {readonly string[]} names with their tags
 */
export async function copyImages(host, names) {
  const query = new URLSearchParams();
  for (const name of names) query.append("names", name);
  try {
    const body = await call(locateEngine().host, `/images/get?${query}`, PATIENCE);
    if (body.statusCode === 200) {
      await ask(host, "/images/load?quiet=1", { method: "POST", body, type: "application/x-tar", ...PATIENCE });
    } else body.destroy();
  } catch {
    // Engines of different ages may not understand each other's archives; the registry is asked next.
  }
}
