import type { ExtraHosts, Strings } from "./file.gen.ts";
import { invalid, items, type Scope } from "./scope.ts";
import type { Path } from "./tree.ts";

/** One string or a list as a list. */
export function normalizeStrings(given: Strings | undefined): string[] {
  if (typeof given === "string") return [given];
  return [...items(given)].map(([, text]) => text);
}

/** Extra hosts as `host:address`; a map's are in the order of their names. */
export function normalizeHosts(given: ExtraHosts | undefined, path: Path, scope: Scope): string[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    const hosts = Object.entries(given).map(([host, address]) => `${host}:${bare(address)}`);
    return hosts.toSorted();
  }
  const hosts: string[] = [];
  for (const [index, text] of items(given)) {
    const match = /^([^\s:=]+)[:=](\S+)$/.exec(text);
    if (match) hosts.push(`${match[1]}:${bare(match[2] ?? "")}`);
    else invalid(scope, [...path, index], "is no extra host", "write it as `host:address`");
  }
  return hosts;
}

function bare(address: string): string {
  return /^\[(.*)\]$/.exec(address)?.[1] ?? address;
}
