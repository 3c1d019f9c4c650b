import { parseByteSize } from "../std/byte-size.ts";
import { parseDuration } from "../std/duration.ts";
import type { Ulimits } from "./file.gen.ts";
import type { Ulimit } from "./limits-model.ts";
import type { Place } from "./place.ts";

/** Milliseconds; a bare number is seconds. */
export function normalizeDuration(given: string | number | undefined, place: Place): number | undefined {
  if (given === undefined) return undefined;
  const milliseconds = parseDuration(place.text());
  if (milliseconds !== undefined && milliseconds <= Number.MAX_SAFE_INTEGER / 1e6) return milliseconds;
  return place.invalid("is no duration", "write it as `30s`, `1m30s` or `250ms`");
}

/** Bytes; a bare number is bytes. */
export function normalizeSize(given: string | number | undefined, place: Place): number | undefined {
  if (given === undefined) return undefined;
  const bytes = parseByteSize(place.text());
  if (bytes !== undefined && Number.isSafeInteger(bytes)) return bytes;
  return place.invalid("is no size", "write it as `512m`, `2g` or a number of bytes");
}

/** Permission bits of an octal number, however it is written: `1777`, `0755`, `0o755`, `"755"`. */
export function normalizeMode(given: string | number | undefined, place: Place): number | undefined {
  if (given === undefined) return undefined;
  return parseMode(place.text()) ?? place.invalid("is no octal number", "write permissions as `0755`");
}

/** Reads permission bits, or undefined. */
export function parseMode(text: string): number | undefined {
  const digits = /^(?:0o?)?([0-7]{1,4})$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

/** Limits in the order of their names. */
export function normalizeUlimits(given: Ulimits | undefined, place: Place): Ulimit[] {
  const limits = Object.entries(given ?? {}).map(([name, value]): Ulimit => {
    const { soft, hard } = typeof value === "number" ? { soft: value, hard: value } : value;
    if (hard !== -1 && (soft > hard || soft === -1)) place.at(name).invalid("has a soft limit above the hard one");
    return { name, soft, hard };
  });
  return limits.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
