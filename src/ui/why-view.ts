import type { Action } from "../plan/plan.ts";
import type { Reason } from "../plan/reason.ts";
import { formatDuration } from "../std/duration.ts";
import { reasonWords } from "./reason-words.ts";
import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** What is known about one name of a project. */
export interface WhyView {
  readonly name: string;
  /** Oldest first. */
  readonly past: readonly {
    readonly time: number;
    readonly target: string;
    readonly kind: string;
    readonly reasons: readonly Reason[];
    readonly note?: string;
  }[];
  /** What a plan made now would do. */
  readonly next: readonly Action[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Words for what a kind of operation did. */
const DONE: Readonly<Record<string, string>> = {
  "image.build": "built",
  "image.pull": "pulled",
  "image.tag": "tagged",
  "network.create": "created",
  "network.remove": "removed",
  "volume.create": "created",
  "volume.remove": "removed",
  "container.create": "created",
  "container.replace": "replaced",
  "container.start": "started",
  "container.restart": "restarted",
  "container.update": "updated",
  "container.remove": "removed",
};

/** Newest first what was done and why, then what would be done now. No newline at the end. */
export function formatWhy(view: WhyView, style: Style): string {
  const rows = view.past
    .toReversed()
    .map(({ time, target, kind, reasons, note }) => [
      style.dim(`${formatDuration(Math.max(0, view.now - time))} ago`),
      sanitizeName(target),
      DONE[kind] ?? kind,
      [...reasons.map((reason) => reasonWords(reason, style)), ...firstRun(kind, note)].join("; "),
    ]);
  const next = view.next.map(({ target, operation, reasons }) => [
    "",
    sanitizeName(target),
    operation.kind,
    reasons.map((reason) => reasonWords(reason, style)).join("; "),
  ]);
  const columns = [{ title: "WHEN" }, { title: "TARGET" }, { title: "WHAT" }, { title: "WHY", shrinkTo: 20 }];
  return [
    ...(rows.length > 0
      ? formatTable(columns, rows, style)
      : [`nothing is remembered about ${sanitizeName(view.name)}`]),
    "",
    ...(next.length > 0
      ? ["Now dock up would:", ...formatTable(columns, next, style).slice(1)]
      : [`${sanitizeName(view.name)} is as the file wants it`]),
  ].join("\n");
}

/** Of a build's note the part that tells which step was the first to run. */
function firstRun(kind: string, note: string | undefined): readonly string[] {
  const found = kind === "image.build" ? /(?:^|; )(ran from .*)$/s.exec(note ?? "")?.[1] : undefined;
  return found === undefined ? [] : [sanitizeName(found)];
}
