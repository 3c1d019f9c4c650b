import type { ExtraHosts } from "./file.gen.ts";
import { items, type Place } from "./place.ts";

/** Extra hosts as `host:address`; those of a map in the order of their names. */
export function normalizeExtraHosts(given: ExtraHosts | undefined, place: Place): string[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    const hosts = Object.entries(given).map(([host, address]) => `${host}:${withoutBrackets(address)}`);
    return hosts.toSorted();
  }
  const hosts: string[] = [];
  for (const [text, at] of items(given, place)) {
    const match = /^([^\s:=]+)[:=](\S+)$/.exec(text);
    if (match) hosts.push(`${match[1]}:${withoutBrackets(match[2] ?? "")}`);
    else at.invalid("is no extra host", "write it as `host:address`");
  }
  return hosts;
}

function withoutBrackets(address: string): string {
  return /^\[(.*)\]$/.exec(address)?.[1] ?? address;
}
