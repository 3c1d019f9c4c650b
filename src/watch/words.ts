import { relative } from "node:path";
import { unreachable } from "../std/unreachable.ts";
import type { Decision } from "./rules.ts";

/** A path as the user knows it: relative to the project's directory, unless it lies outside. */
export function shownPath(directory: string, path: string): string {
  const shown = relative(directory, path);
  return shown === "" || shown.startsWith("..") ? path : shown;
}

/** A decision in a few words: "rebuild image api", "sync to /app in web". */
export function decisionWords(decision: Decision): string {
  switch (decision.kind) {
    case "reload":
      return "reload the project";
    case "rebuild":
      return `rebuild image ${decision.image}`;
    case "sync":
      return `sync to ${decision.target} in ${decision.service}${decision.restart ? " and restart it" : ""}`;
    case "restart":
      return `restart ${decision.service}`;
    case "signal":
      return `send ${decision.signal} to ${decision.service}`;
    case "exec":
      return `run "${decision.command.join(" ")}" in ${decision.service}`;
    case "live":
      return `live in ${decision.service}`;
    case "ignore":
      return "nothing";
    case "unknown":
      return `look at the inputs of image ${decision.image}`;
    default:
      return unreachable(decision);
  }
}
