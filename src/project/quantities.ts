import { parseByteSize } from "../std/byte-size.ts";
import { parseDuration } from "../std/duration.ts";
import type { Ulimits } from "./file.gen.ts";
import type { Ulimit } from "./model.ts";
import { invalid, type Scope } from "./scope.ts";
import type { Path } from "./tree.ts";

/** Milliseconds; a bare number is seconds. */
export function normalizeDuration(given: string | number | undefined, path: Path, scope: Scope): number | undefined {
  if (given === undefined) return undefined;
  const milliseconds = parseDuration(scope.findings.text(path));
  if (milliseconds !== undefined && milliseconds <= Number.MAX_SAFE_INTEGER / 1e6) return milliseconds;
  return invalid(scope, path, "is no duration", "write it as `30s`, `1m30s` or `250ms`");
}

/** Bytes; a bare number is bytes. */
export function normalizeSize(given: string | number | undefined, path: Path, scope: Scope): number | undefined {
  if (given === undefined) return undefined;
  const bytes = parseByteSize(scope.findings.text(path));
  if (bytes !== undefined && Number.isSafeInteger(bytes)) return bytes;
  return invalid(scope, path, "is no size", "write it as `512m`, `2g` or a number of bytes");
}

/** Permission bits of an octal number, however it is written: `1777`, `0755`, `0o755`, `"755"`. */
export function normalizeMode(given: string | number | undefined, path: Path, scope: Scope): number | undefined {
  if (given === undefined) return undefined;
  return (
    parseMode(scope.findings.text(path)) ?? invalid(scope, path, "is no octal number", "write permissions as `0755`")
  );
}

/** Reads permission bits, or undefined. */
export function parseMode(text: string): number | undefined {
  const digits = /^(?:0o?)?([0-7]{1,4})$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

/** Limits in the order of their names. */
export function normalizeUlimits(given: Ulimits | undefined, path: Path, scope: Scope): Ulimit[] {
  const limits = Object.entries(given ?? {}).map(([name, value]): Ulimit => {
    const { soft, hard } = typeof value === "number" ? { soft: value, hard: value } : value;
    if (hard !== -1 && (soft > hard || soft === -1))
      invalid(scope, [...path, name], "has a soft limit above the hard one");
    return { name, soft, hard };
  });
  return limits.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
