import { existsSync } from "node:fs";
import { debianCodename, installPackages } from "../engine/apt.mjs";
import { Stop } from "../engine/say.mjs";

const DEBIAN_CHROMIUM = "/usr/bin/chromium";
const PLACES = [
  DEBIAN_CHROMIUM,
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/**
 * Path of the machine's Chromium or Chrome, or of the one that CHROME_PATH names. On Debian as root it is installed where
 * there is none; anywhere else its absence is a `Stop`.
 *
 * @returns {Promise<string>}
 */
export async function ensureBrowser() {
  const chosen = process.env["CHROME_PATH"];
  if (chosen !== undefined && !existsSync(chosen)) throw new Stop(`CHROME_PATH names ${chosen}, which is not there`);
  const found = chosen ?? PLACES.find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (debianCodename() === undefined || process.getuid?.() !== 0) {
    throw new Stop("the browser tests need Chromium or Chrome: install one, or set CHROME_PATH to it");
  }
  await installPackages(["chromium"]);
  return DEBIAN_CHROMIUM;
}
