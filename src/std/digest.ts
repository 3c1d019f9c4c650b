import { createHash, createHmac } from "node:crypto";

/** A lower-case hexadecimal SHA-256, 64 characters. */
export type Digest = string & { readonly __brand: "Digest" };

/** SHA-256 of UTF-8 text or bytes. */
export function sha256(data: string | Uint8Array): Digest {
  return createHash("sha256").update(data).digest("hex") as Digest;
}

/** Keyed SHA-256: equal values are recognised only by who has the key. */
export function keyedDigest(key: string, data: string | Uint8Array): Digest {
  return createHmac("sha256", key).update(data).digest("hex") as Digest;
}

/** JSON with map keys in code point order at every depth, so that equal data has equal text. `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => compareText(a, b))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/** Orders strings by UTF-16 code unit, the same on every machine and in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
