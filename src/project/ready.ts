import type { ReadyProbe } from "./readiness-model.ts";
import type { Place } from "./place.ts";

/** `http :3000/path`, `tcp 5432` or `log /regex/`. */
export function normalizeReady(given: string | undefined, place: Place): ReadyProbe | undefined {
  if (given === undefined) return undefined;
  const [, kind, rest = ""] = /^\s*(http|tcp|log)\s+(.+?)\s*$/.exec(given) ?? [];
  const probe = kind === undefined ? undefined : read(kind, rest);
  return probe ?? place.invalid("is no sign of readiness", "write `http :3000/path`, `tcp 5432` or `log /regex/`");
}

function read(kind: string, rest: string): ReadyProbe | undefined {
  if (kind === "log") {
    const pattern = /^\/(.+)\/$/.exec(rest)?.[1];
    return pattern !== undefined && isExpression(pattern) ? { kind: "log", pattern } : undefined;
  }
  const [, digits, path] = /^:?(\d{1,5})(\/.*)?$/.exec(rest) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > 65_535) return undefined;
  if (kind === "http") return { kind, port, path: path ?? "/" };
  return path === undefined ? { kind: "tcp", port } : undefined;
}

function isExpression(pattern: string): boolean {
  try {
    return new RegExp(pattern, "u").source !== "";
  } catch {
    return false;
  }
}
