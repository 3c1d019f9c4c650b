import { ask } from "../engine/ask.mjs";
import { Stop } from "../engine/say.mjs";

/** A pull may be silent for this long (ms) before it counts as hopeless, and last this long altogether. */
const SILENCE = 30_000;
const DEADLINE = 900_000;

/** True when the engine has an image of that name. */
export async function hasImage(/** @type {string} */ host, /** @type {string} */ name) {
  const { status, body } = await ask(host, `/images/${name}/json`);
  if (status === 200) return true;
  if (status === 404) return false;
  throw new Stop(`The engine can't tell whether it has ${name}: ${body.trim()}`);
}

/**
 * Pulls an image from its registry. Gives undefined when it is there afterwards, else the reason why not, in the engine's
 * words: a pull that fails half-way still answers 200, so every line is looked at.
 *
 * @param {string} host
 * @param {string} name with its tag or digest
 * @returns {Promise<string | undefined>}
 */
export async function pullImage(host, name) {
  // The API takes a digest in the place of the tag.
  const cut = name.includes("@") ? name.indexOf("@") : name.lastIndexOf(":");
  const query = new URLSearchParams({ fromImage: name.slice(0, cut), tag: name.slice(cut + 1) });
  try {
    const answer = await ask(host, `/images/create?${query}`, { method: "POST", timeout: SILENCE, deadline: DEADLINE });
    const lines = answer.body.split("\n").filter((line) => line.trim() !== "");
    const messages = lines.map((line) => JSON.parse(line));
    const failed = messages.find((message) => message.error !== undefined || message.errorDetail !== undefined);
    if (failed !== undefined) return failed.error ?? failed.errorDetail.message;
    if (answer.status !== 200) return messages[0]?.message ?? `status ${answer.status}`;
    return (await hasImage(host, name)) ? undefined : "the pull ended without the image";
  } catch (error) {
    if (error instanceof Stop) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}
