import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

// A registry that lacks some platforms' packages makes npm leave them out, after which `npm ci` fails everywhere.
test("the lock file has an entry for each platform's package, so that npm ci accepts it", async () => {
  const text = await readFile(join(import.meta.dirname, "../../package-lock.json"), "utf8");
  const { packages } = JSON.parse(text) as Lock;
  const missing = Object.entries(packages).flatMap(([at, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies).flatMap(([name, range]) => {
      const found = placesFor(at, name).find((place) => packages[place]);
      const suits = found !== undefined && (!/^\d/.test(range) || packages[found]?.version === range);
      return suits ? [] : [`${at} needs ${name} ${range}`];
    }),
  );
  expect(missing).toEqual([]);
});

test("the lock file names no registry", async () => {
  const text = await readFile(join(import.meta.dirname, "../../package-lock.json"), "utf8");
  expect(text).not.toContain('"resolved"');
});

/** Where node looks for a package from another one's place, the nearest first. */
function placesFor(at: string, name: string): readonly string[] {
  const cut = at.lastIndexOf("node_modules/");
  const above = at === "" ? [] : placesFor(at.slice(0, Math.max(0, cut - 1)), name);
  return [`${at === "" ? "" : `${at}/`}node_modules/${name}`, ...above];
}
