/** What BuildKit writes as JSON: Go's own encoder, whose names are in capitals on older engines (`{"Info":…}`). */

/** Lines of a Dockerfile, 1-based, the last one included. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** A member of a JSON object by its lower-case name. */
export function member(value: unknown, name: string): unknown {
  if (value === null || typeof value !== "object") return undefined;
  return Object.entries(value).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** A text that says something. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A range of a source as its lines; empty for what is none. */
export function lineRange(range: unknown): LineRange[] {
  const first = member(member(range, "start"), "line");
  const last = member(member(range, "end"), "line");
  if (typeof first !== "number") return [];
  return [{ first, last: typeof last === "number" && last > first ? last : first }];
}
