/** Names that hold neither surrogates nor what UTF-16 sorts below them compare alike in UTF-16 and UTF-8. */
const TROUBLESOME = /[\uD800-\uFFFF]/;

/** Sorts entries by the UTF-8 bytes of their names, in place. */
export function sortByName<T extends { readonly name: string }>(entries: T[]): T[] {
  const bytewise = entries.some((entry) => TROUBLESOME.test(entry.name));
  const compare = bytewise ? compareBytes : compareUnits;
  return entries.sort((a, b) => compare(a.name, b.name));
}

/** Orders texts by their UTF-8 bytes, as `LC_ALL=C sort` does. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function compareUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
