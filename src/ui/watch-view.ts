import type { WatchEvent } from "../event.ts";
import { formatDuration } from "../std/duration.ts";
import { unreachable } from "../std/unreachable.ts";
import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";

/** Paths that one line names; the rest is counted. */
const NAMED = 3;

/** What the watch loop says, in lines: `src/App.vue → live, 14 ms`. Single changes and their rules only when `verbose`. */
export function formatWatch(event: WatchEvent, style: Style, verbose = false): readonly string[] {
  switch (event.type) {
    case "watch-ready":
      return [style.dim(`Watching ${count(event.files, "file")} in ${named(event.roots)}`)];
    case "watch-change":
      return [
        ...(event.branch ? [branchLine(event.branch, event.files, style)] : []),
        ...(verbose ? event.changes : []).map(({ path, decision, reason }) =>
          style.dim(`${sanitizeName(path)}: ${sanitizeName(decision)} (${sanitizeName(reason)})`),
        ),
      ];
    case "watch-action":
      return [actionLine(event, style)];
    default:
      return unreachable(event);
  }
}

function branchLine(
  { from, to }: { readonly from: string; readonly to: string },
  files: number,
  { symbols }: Style,
): string {
  return `${count(files, "file")} (branch switch ${sanitizeName(from)} ${symbols.arrow} ${sanitizeName(to)})`;
}

function actionLine(event: Extract<WatchEvent, { readonly type: "watch-action" }>, style: Style): string {
  const { symbols } = style;
  const what = [sanitizeName(event.action), ...event.services.map(sanitizeName)].join(" ");
  const message = event.message === undefined ? "" : `: ${sanitizeName(event.message)}`;
  const time = style.dim(`, ${formatDuration(event.durationMs)}`);
  const cause = event.files.length === 0 ? "" : `${named(event.files)} ${symbols.arrow} `;
  if (event.ok) return `${cause}${style.green(what)}${message}${time}`;
  return `${style.red(symbols.failed)} ${cause}${style.red(`${what} failed${message}`)}${time}`;
}

function named(paths: readonly string[]): string {
  const shown = paths.slice(0, NAMED).map(sanitizeName).join(", ");
  return paths.length > NAMED ? `${shown} (+${paths.length - NAMED})` : shown;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
