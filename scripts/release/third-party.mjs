import { readFile } from "node:fs/promises";
import { join } from "node:path";

const NAMES = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "LICENCE", "License"];

/** The text that names the packages whose modules are in a bundle, with their licences. */
export async function thirdParty(/** @type {readonly string[]} */ moduleIds) {
  const packages = new Set();
  for (const id of moduleIds) {
    const match = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id);
    if (match) packages.add(match[0]);
  }
  const entries = await Promise.all(
    [...packages]
      .sort((a, b) => (a < b ? -1 : 1))
      .map(async (directory) => {
        const manifest = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
        const text = await licenceText(directory);
        return `## ${manifest.name} ${manifest.version}\n\nLicence: ${manifest.license ?? "see its text"}\n\n${text}`;
      }),
  );
  return `# Packages that are part of dock's bundle\n\n${entries.join("\n\n")}\n`;
}

async function licenceText(/** @type {string} */ directory) {
  for (const name of NAMES) {
    try {
      return (await readFile(join(directory, name), "utf8")).trim();
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  return "(no licence text in the package)";
}
