import { posix } from "node:path";
import type { Place } from "./place.ts";

/** An absolute path in a container in its shortest form; undefined after reporting one that is not, or that is `/` itself. */
export function containerPath(text: string, place: Place): string | undefined {
  const path = containerDirectory(text, place);
  return path === "/" ? place.invalid("can't be mounted over: `/` is the container itself") : path;
}

/** As `containerPath`, but `/` is right. */
export function containerDirectory(text: string, place: Place): string | undefined {
  if (!text.startsWith("/")) return place.invalid("must name an absolute path in the container", "start it with `/`");
  return posix.normalize(text).replace(/(?<=.)\/$/, "");
}
