import { createHash, createHmac } from "node:crypto";

/** A lower-case hexadecimal SHA-256, 64 characters. */
export type Digest = string & { readonly __brand: "Digest" };

/** SHA-256 of UTF-8 text or bytes. */
export function sha256(data: string | Uint8Array): Digest {
  return createHash("sha256").update(data).digest("hex") as Digest;
}

/** Characters that are hashed at once. */
const CHUNK = 64 * 1024;

/** SHA-256 of the parts with the separator between them, without the whole text ever being there. */
export function sha256Joined(parts: Iterable<string>, separator: string): Digest {
  const hash = createHash("sha256");
  let chunk = "";
  let isFirst = true;
  for (const part of parts) {
    chunk += isFirst ? part : `${separator}${part}`;
    isFirst = false;
    if (chunk.length < CHUNK) continue;
    hash.update(chunk);
    chunk = "";
  }
  return hash.update(chunk).digest("hex") as Digest;
}

/** Keyed SHA-256: equal values are recognised only by who has the key. */
export function keyedDigest(key: string, data: string | Uint8Array): Digest {
  return createHmac("sha256", key).update(data).digest("hex") as Digest;
}

/** JSON with map keys in code point order at every depth, so that equal data has equal text. `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  let text = "";
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === "" ? "" : ","}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  const map = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(map).sort()) {
    if (map[key] === undefined) continue;
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(map[key])}`;
  }
  return `{${text}}`;
}

/** Whether two values have the same canonical JSON, told without making it. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null)
    return canonicalJson(one) === canonicalJson(other);
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, index) => sameJson(item, other[index]));
  }
  const [before, after] = [one as Readonly<Record<string, unknown>>, other as Readonly<Record<string, unknown>>];
  for (const key in before) if (!sameMember(before[key], after[key])) return false;
  for (const key in after) if (before[key] === undefined && after[key] !== undefined) return false;
  return true;
}

/** A member that is undefined is left out, which is not the same as null. */
function sameMember(one: unknown, other: unknown): boolean {
  return one === undefined || other === undefined ? one === other : sameJson(one, other);
}

/** Orders strings by UTF-16 code unit, the same on every machine and in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
