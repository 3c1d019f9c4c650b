import type { Location } from "../../src/diagnostic.ts";
import type { Project } from "../../src/project/model.ts";

/** A project as JSON without places, empty maps and empty lists; `false` stays. */
export function projectJson(project: Project): string {
  return `${JSON.stringify(pruned(project), undefined, 2)}\n`;
}

function pruned(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (isLocation(value) || isEmpty(value)) return undefined;
  if (Array.isArray(value)) return value.map(pruned);
  const members = Object.entries(value).map(([key, member]) => [key, pruned(member)] as const);
  const kept = members.filter(([, member]) => member !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** A project without places, so that two can be compared. */
export function withoutPlaces(project: Project | undefined): unknown {
  return JSON.parse(JSON.stringify(project ?? null, (_, value: unknown) => (isLocation(value) ? undefined : value)));
}

function isLocation(value: unknown): value is Location {
  return value !== null && typeof value === "object" && "source" in value && "span" in value;
}

function isEmpty(value: unknown): boolean {
  return value !== null && typeof value === "object" && Object.keys(value).length === 0;
}
