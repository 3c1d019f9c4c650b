import { compileGlob, hasWildcard } from "./pattern.ts";
import { below, contextPath } from "./paths.ts";
import type { Destination } from "./action.ts";

/**
 * Where COPY may put a path of the context that it reads by one source: one place, or two where the Dockerfile leaves
 * open whether the destination is a directory. Undefined where that can't be told; none for a path that only the
 * transfer takes along.
 */
export type Places = (path: string) => readonly string[] | undefined;

/** The places for one source of a COPY without flags that change them. */
export function placesOf(source: string, destination: Destination): Places {
  const root = contextPath(source);
  const to = destination.path;
  if (root === "") return (path) => [below(to, path)];
  const names = root.split("/");
  const tests = names.map(nameTest);
  return (path) => {
    const parts = path.split("/");
    if (parts.length < names.length) return undefined;
    const found = tests.every((test, index) => test(parts[index] ?? ""));
    if (!found) return undefined;
    const matched = parts.slice(0, names.length).join("/");
    // Only a directory has something below it, and a directory's content goes straight into the destination.
    if (path !== matched) return [below(to, path.slice(matched.length + 1))];
    const inside = below(to, parts.at(-1) ?? "");
    return destination.directory ? [inside] : [to, inside];
  };
}

/** The test for one name of a source as COPY compares it; a malformed one fits nothing. */
export function nameTest(name: string): (other: string) => boolean {
  if (hasWildcard(name)) return compileGlob(name) ?? (() => false);
  const plain = name.replaceAll(/\\(.)/gsu, "$1");
  return (other) => other === plain;
}
