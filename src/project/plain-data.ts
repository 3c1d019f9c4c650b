/** A map without a prototype, so that no name can be mistaken for something every object has. */
export function record<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const map: Record<string, T> = Object.create(null);
  for (const [key, value] of entries) map[key] = value;
  return map;
}

/** The object without the members that are undefined. */
export function compact<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  const members: Partial<Record<string, unknown>> = {};
  for (const [key, member] of Object.entries(value)) if (member !== undefined) members[key] = member;
  return members as T;
}
