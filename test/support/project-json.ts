import type { Location } from "../../src/diagnostic.ts";
import type { Project } from "../../src/project/model.ts";

/** A project as JSON without places, empty maps and empty lists; `false` stays. */
export function projectJson(project: Project): string {
  return `${JSON.stringify(project, (_, value: unknown) => (isLocation(value) || isEmpty(value) ? undefined : value), 2)}\n`;
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
