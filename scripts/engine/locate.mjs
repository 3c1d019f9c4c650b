import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { Stop } from "./say.mjs";

/** Where an engine listens when nothing says otherwise. */
export const DEFAULT_HOST = "unix:///var/run/docker.sock";

/**
 * The engine address that `docker` itself would use: DOCKER_HOST, then DOCKER_CONTEXT or the current context, then the
 * default socket. `from` says which of them it was; `chosen` is false only for the default socket.
 *
 * @returns {{host: string, from: string, chosen: boolean}}
 */
export function locateEngine(env = process.env) {
  const host = env["DOCKER_HOST"];
  if (host) return { host, from: "DOCKER_HOST", chosen: true };
  const folder = env["DOCKER_CONFIG"] || join(homedir(), ".docker");
  const name = env["DOCKER_CONTEXT"] || readJson(join(folder, "config.json"))?.currentContext || "default";
  if (name === "default") return { host: DEFAULT_HOST, from: "default socket", chosen: false };
  const meta = join(folder, "contexts", "meta", createHash("sha256").update(name).digest("hex"), "meta.json");
  const found = readJson(meta)?.Endpoints?.docker?.Host;
  if (typeof found !== "string") {
    throw new Stop(`The docker context "${name}" has no readable engine address (${meta}).`, { exitCode: 3 });
  }
  return { host: found, from: `docker context "${name}"`, chosen: true };
}

/** A JSON file's content, or undefined when it is missing or broken. */
function readJson(/** @type {string} */ file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
