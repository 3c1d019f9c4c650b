import { findCycle } from "../std/graph.ts";
import type { DockFile } from "./file.gen.ts";
import { quote } from "./findings.ts";
import { checkName, GROUP_NAME } from "./names.ts";
import { items, members, placeAt, type Scope } from "./place.ts";
import { record } from "./plain-data.ts";

/** The groups of the file, each with the keys of its services and images; groups in it are spelled out. */
export function normalizeGroups(file: DockFile, scope: Scope): Record<string, readonly string[]> {
  const { declared, findings } = scope;
  const groups = new Map<string, readonly string[]>();
  const names = new Set(Object.keys(file.groups ?? {}));
  const known = new Set([...declared.services, ...declared.images, ...names]);
  for (const [key, list, place] of members(file.groups, placeAt(scope, ["groups"]))) {
    checkName(place, GROUP_NAME);
    const taken = declared.services.has(key) ? "a service" : declared.images.has(key) ? "an image" : undefined;
    if (taken !== undefined) {
      place.errorAtKey({ code: "duplicate-name", message: `${quote(key)} is the name of ${taken} already` });
      continue;
    }
    const listed: string[] = [];
    for (const [name, at] of items(list, place)) {
      if (known.has(name)) listed.push(name);
      else {
        const message = `${at.written()} is no service, image or group of this project`;
        at.error({ code: "unknown-name", message, hint: findings.suggest(name, known) });
      }
    }
    groups.set(key, listed);
  }
  const cycle = findCycle(groups.keys(), (key) => groups.get(key) ?? []);
  if (cycle) {
    const message = `groups hold one another: ${cycle.join(" → ")}`;
    findings.errorAtKey(["groups", cycle[0] ?? ""], { code: "dependency-cycle", message });
    return record([]);
  }
  const spelledOut = (key: string): readonly string[] =>
    (groups.get(key) ?? []).flatMap((name) => (groups.has(name) ? spelledOut(name) : [name]));
  return record([...groups.keys()].map((key) => [key, [...new Set(spelledOut(key))]]));
}
