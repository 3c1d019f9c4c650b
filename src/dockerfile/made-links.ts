import { cleanPath } from "./paths.ts";
import { placesOf } from "./places.ts";
import type { Action } from "./action.ts";

/** A place in the image that is known to be a link. */
export interface MadeLink {
  readonly path: string;
  /** Position of the action that makes it; it matters to this one and to later ones. */
  readonly before: number;
}

/** The links that a chain of actions is known to make: by `ln` in a RUN, or by copying links of the context. */
export function madeLinks(actions: readonly Action[], contextLinks: readonly string[]): readonly MadeLink[] {
  return actions.flatMap((action, position) =>
    linksOf(action, contextLinks).map((path) => ({ path, before: position })),
  );
}

function linksOf(action: Action, contextLinks: readonly string[]): readonly string[] {
  if (action.kind === "run") return linkCommands(action.command, action.workdir);
  const destination = action.kind === "volume" || action.from ? undefined : action.destination;
  if (!destination || action.kind === "volume") return [];
  return action.sources.flatMap((source) => {
    if (source === undefined) return [];
    const places = placesOf(source, destination);
    return contextLinks.flatMap((link) => places(link) ?? []);
  });
}

/** The places that `ln` commands of a shell text name last, as far as they are written out. */
function linkCommands(command: string, workdir: string | undefined): readonly string[] {
  return command.split(/[;&|\n]+/).flatMap((part) => {
    const words = part.trim().split(/\s+/);
    const start = words.findIndex((word) => /^(?:\S*\/)?ln$/.test(word));
    const names = start < 0 ? [] : words.slice(start + 1).filter((word) => !word.startsWith("-"));
    const [target] = names;
    if (target === undefined) return [];
    const own = target.split("/").findLast((name) => name !== "") ?? "";
    const last = names.length > 1 ? (names.at(-1) ?? "") : ".";
    const place = last.startsWith("/") ? last : workdir === undefined ? undefined : `${workdir}/${last}`;
    return place === undefined ? [] : [cleanPath(place), cleanPath(`${place}/${own}`)];
  });
}
