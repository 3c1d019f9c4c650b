import { ask, call } from "../engine/ask.mjs";
import { locateEngine } from "../engine/locate.mjs";
import { hasImage } from "./pull.mjs";

const PATIENCE = { timeout: 120_000, deadline: 600_000 };

/**
 * Copies an image from the engine at hand (the one `docker` would use) to another one, which spares a download for each
 * engine of a test's own. False where there is no such engine, no such image, or they don't understand each other.
 *
 * @param {string} host the engine that gets it
 * @param {string} name with its tag
 */
export async function copyImage(host, name) {
  try {
    const { host: from } = locateEngine();
    if (from === host || !/^(unix|tcp|https?):/u.test(from) || !(await hasImage(from, name))) return false;
    const body = await call(from, `/images/get?names=${encodeURIComponent(name)}`, PATIENCE);
    if (body.statusCode !== 200) return body.resume() && false;
    await ask(host, "/images/load?quiet=1", { method: "POST", body, type: "application/x-tar", ...PATIENCE });
    return await hasImage(host, name);
  } catch {
    return false;
  }
}
