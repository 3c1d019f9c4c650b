import { homedir } from "node:os";
import { join } from "node:path";

/** Marks an engine as started by these scripts, so that stand-in images may take public names on it. */
export const ENGINE_LABEL = "dev.dock.engine";

/** Folder for everything that may be deleted at any time and costs only time to make again. */
export function cacheFolder(/** @type {string[]} */ ...parts) {
  const base = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(base, "dockyaml", ...parts);
}

/** State of running engines (pid files, sockets, exec roots). One place per machine, whoever's checkout asks. */
export const RUN_FOLDER = "/run/dockyaml";

/** Images, containers and volumes of the engines that these scripts start. */
export const DATA_FOLDER = "/var/lib/dockyaml";
