import { parseImageReference, withTag } from "./image-reference.ts";
import type { BuildCache } from "./image-model.ts";
import { hostPath, strings, type Place } from "./place.ts";

/** Which of the two lists a cache stands in. */
export type CacheDirection = "from" | "to";

/** Kinds of caches that other builders have, and why this one can't. */
const ELSEWHERE = new Map([
  ["gha", "the engine's builder can't reach it"],
  ["s3", "the engine's builder is made without it"],
  ["azblob", "the engine's builder is made without it"],
]);

/** Entries of `cache_from` or `cache_to`; those that can't be read are reported and left out. */
export function normalizeCaches(
  given: string | readonly string[] | undefined,
  direction: CacheDirection,
  place: Place,
): BuildCache[] {
  return strings(given, place).flatMap(([text, at]) => {
    const cache = readCache(text, direction, (path) => hostPath(path, at));
    if (!("problem" in cache)) return [cache];
    at.invalid(cache.problem, cache.hint);
    return [];
  });
}

/** One cache from its text: an image reference, or `type=…,key=value,…`. */
function readCache(
  text: string,
  direction: CacheDirection,
  absolute: (path: string) => string,
): BuildCache | { readonly problem: string; readonly hint: string } {
  const attributes = attributesOf(text);
  const hint =
    direction === "from"
      ? "write `type=registry,ref=NAME:TAG`, or `type=local,src=DIR`"
      : "write `type=inline`, `type=registry,ref=NAME:TAG`, or `type=local,dest=DIR`";
  if (!attributes) return { problem: "is no list of key=value", hint };
  const { type = "registry", ...rest } = attributes;
  const why = ELSEWHERE.get(type);
  if (why !== undefined) return { problem: `names a cache that can't be used: ${why}`, hint };
  if (type === "inline" && direction === "to") return { type, attributes: rest };
  if (type === "local") {
    const key = direction === "from" ? "src" : "dest";
    const path = rest[key] ?? "";
    if (path === "") return { problem: `names no directory: that is its \`${key}\``, hint };
    return { type, attributes: { ...rest, [key]: absolute(path) } };
  }
  if (type !== "registry") return { problem: "names no kind of cache", hint };
  const reference = parseImageReference(rest["ref"] ?? "");
  if (!reference) return { problem: "names no image to keep the cache in", hint };
  return { type, attributes: { ...rest, ref: withTag(reference) } };
}

function attributesOf(text: string): Record<string, string> | undefined {
  if (!text.includes("=")) return { type: "registry", ref: text };
  const pairs = text.split(",").map((part): [string, string] => {
    const at = part.indexOf("=");
    return [part.slice(0, Math.max(at, 0)).trim().toLowerCase(), part.slice(at + 1).trim()];
  });
  return pairs.some(([key]) => !/^[a-z][a-z0-9-]*$/.test(key)) ? undefined : Object.fromEntries(pairs);
}
