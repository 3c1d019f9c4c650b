import { contextPath } from "./paths.ts";
import { nameTest } from "./places.ts";

/** Links that lead into themselves make ever more and longer paths; beyond these limits it is the whole context. */
const MAX_PATHS = 1000;
const MAX_LENGTH = 4096;

/**
 * The context paths, as patterns, that COPY reads besides the sources it is given: what links on a source's way point
 * to, or the source itself being one. Links below a source are copied as links. "" is the whole context.
 */
export function linkedPaths(sources: readonly string[], links: ReadonlyMap<string, string>): readonly string[] {
  if (links.size === 0) return [];
  const linked = new Set<string>();
  const pending = [...new Set(sources)];
  for (let source = pending.pop(); source !== undefined; source = pending.pop()) {
    if (source === "") continue;
    for (const [link, target] of links) {
      const rest = restBehind(source, link);
      if (rest === undefined) continue;
      const reached = contextPath(`${targetPath(link, target)}/${rest}`);
      if (linked.has(reached)) continue;
      if (linked.size >= MAX_PATHS || reached.length > MAX_LENGTH) return [""];
      linked.add(reached);
      pending.push(reached);
    }
  }
  return [...linked];
}

/** The place that a link names, as a pattern for just this place. A link can't lead out of the context. */
function targetPath(link: string, target: string): string {
  const parent = link.includes("/") ? link.slice(0, link.lastIndexOf("/")) : "";
  const path = target.startsWith("/") ? target : `${parent}/${target}`;
  return path.replaceAll(/[\\*?[\]]/g, "\\$&");
}

/** What of a source is left behind a link that it names or passes through; undefined where it doesn't. */
function restBehind(source: string, link: string): string | undefined {
  const names = source.split("/");
  const parts = link.split("/");
  if (parts.length > names.length) return undefined;
  const passes = parts.every((part, index) => nameTest(names[index] ?? "")(part));
  return passes ? names.slice(parts.length).join("/") : undefined;
}
