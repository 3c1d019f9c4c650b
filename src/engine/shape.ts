/** An answer that does not have the form which the Engine API promises. */
export class ShapeError extends Error {}

export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object; anything else is a `ShapeError` that names `where`. */
export function asObject(value: unknown, where: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(value, where, "an object");
  return value as JsonObject;
}

/** The value as a list. The engine writes an empty list as `null` or leaves it out. */
export function asList(value: unknown, where: string): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw wrong(value, where, "a list");
  return value;
}

/** The value as a list that has to be there: `null` is an engine's empty answer, absence is a broken one. */
export function asAnswerList(value: unknown, where: string): readonly unknown[] {
  if (value === undefined) throw wrong(value, where, "a list");
  return asList(value, where);
}

/** The object at `value`, an empty one when it is `null` or left out. */
export function asOptionalObject(value: unknown, where: string): JsonObject {
  return value === null || value === undefined ? {} : asObject(value, where);
}

export function asText(value: unknown, where: string): string {
  if (typeof value !== "string") throw wrong(value, where, "a text");
  return value;
}

/** The text, or "" when it is `null` or left out. */
export function asOptionalText(value: unknown, where: string): string {
  return value === null || value === undefined ? "" : asText(value, where);
}

export function asNumber(value: unknown, where: string): number {
  if (typeof value !== "number") throw wrong(value, where, "a number");
  return value;
}

/** The value as a map of texts, such as labels; empty when it is `null` or left out. */
export function asTextMap(value: unknown, where: string): Readonly<Record<string, string>> {
  const entries = Object.entries(asOptionalObject(value, where));
  return Object.fromEntries(entries.map(([key, item]) => [key, asOptionalText(item, `${where}.${key}`)]));
}

/** The value as a list of texts; empty when it is `null` or left out. */
export function asTexts(value: unknown, where: string): readonly string[] {
  return asList(value, where).map((item) => asText(item, where));
}

function wrong(value: unknown, where: string, wanted: string): ShapeError {
  const found = value === null ? "null" : Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
  return new ShapeError(`${where} is ${found}, not ${wanted}`);
}
