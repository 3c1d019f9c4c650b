import { formatByteSize } from "../std/byte-size.ts";
import { formatDuration } from "../std/duration.ts";
import { unreachable } from "../std/unreachable.ts";
import type { RunningStep } from "./build-progress.ts";
import { operationWords } from "./operation-words.ts";
import type { Effect } from "./plan-groups.ts";
import { sanitizeName, sanitizeText, withoutColors } from "./sanitize.ts";
import type { Style } from "./style.ts";
import type { TargetProgress } from "./target-progress.ts";
import { displayWidth, pad, truncate } from "./width.ts";

/** Steps shown of a build that runs several at once. */
const STEPS_SHOWN = 3;
/** Cells of the word for what happens, and of the time it takes. */
const WORD_WIDTH = 12;
const TIME_WIDTH = 8;
/** What listr2 puts before a task's further lines. */
const DETAIL_INDENT = 2;

const DONE: Readonly<Record<Effect, string>> = {
  build: "built",
  pull: "pulled",
  create: "created",
  replace: "replaced",
  update: "updated",
  restart: "restarted",
  start: "started",
  stop: "stopped",
  remove: "removed",
  rename: "renamed",
  connect: "connected",
  disconnect: "disconnected",
  tag: "tagged",
  untag: "tidied",
  wait: "ready",
};

/** What the lines of a live display depend on beside the target itself. */
export interface LiveFrame {
  readonly now: number;
  /** Cells of the widest target's name. */
  readonly targetWidth: number;
  /** Cells that a line may take. */
  readonly width: number;
  /** Which picture of the spinner it is. */
  readonly tick: number;
  readonly style: Style;
}

/**
 * A target's lines in a live display: what happens and since when, then the build's steps that run now. None is wider
 * than the frame; those after the first leave room to be indented by `DETAIL_INDENT`.
 */
export function liveLines(target: TargetProgress, frame: LiveFrame): readonly string[] {
  const { style, width } = frame;
  const { ellipsis } = style.symbols;
  const targetWidth = Math.min(frame.targetWidth, Math.floor(width * 0.45));
  const name = pad(truncate(sanitizeName(target.group.target), targetWidth, ellipsis), targetWidth);
  const remark = target.remark ?? target.readiness;
  const elapsed = target.elapsed(frame.now);
  const time = pad(elapsed === undefined ? "" : seconds(elapsed), TIME_WIDTH, true);
  const head = `${icon(target, frame)} ${name}  ${word(target, style)}`;
  const timed = elapsed === undefined && remark === undefined ? head : `${head}${style.dim(time)}`;
  const first = remark === undefined ? timed : `${timed}  ${paintRemark(target, remark, style)}`;
  return [truncate(first, width, ellipsis), ...details(target, { ...frame, width: width - DETAIL_INDENT })];
}

/** Cells of the widest name among the targets. */
export function widestTarget(targets: readonly TargetProgress[]): number {
  return Math.max(0, ...targets.map(({ group }) => displayWidth(sanitizeName(group.target))));
}

function icon(target: TargetProgress, { tick, style }: LiveFrame): string {
  const { symbols } = style;
  switch (target.state) {
    case "waiting":
      return style.dim(symbols.waiting);
    case "running":
      return style.cyan(symbols.spinner[tick % symbols.spinner.length] ?? "");
    case "done":
      return style.green(symbols.done);
    case "unneeded":
      return style.dim(symbols.done);
    case "skipped":
      return style.yellow(symbols.skipped);
    case "failed":
      return style.red(symbols.failed);
    default:
      return unreachable(target.state);
  }
}

function word(target: TargetProgress, style: Style): string {
  const { current, group } = target;
  switch (target.state) {
    case "waiting":
      return style.dim(pad("waiting", WORD_WIDTH));
    case "running":
      return pad(current ? operationWords(current.operation).doing : "waiting", WORD_WIDTH);
    case "done":
      return pad(DONE[group.effect], WORD_WIDTH);
    case "unneeded":
      return style.dim(pad("unchanged", WORD_WIDTH));
    case "skipped":
      return style.yellow(pad("not done", WORD_WIDTH));
    case "failed":
      return style.red(pad("failed", WORD_WIDTH));
    default:
      return unreachable(target.state);
  }
}

function paintRemark(target: TargetProgress, remark: string, style: Style): string {
  const text = sanitizeName(remark.split("\n")[0] ?? "");
  return target.state === "failed" ? style.red(text) : style.dim(text);
}

function details(target: TargetProgress, frame: LiveFrame): readonly string[] {
  if (target.state !== "running") return [];
  const { style, width } = frame;
  const fit = (text: string): string => style.dim(truncate(text, width, style.symbols.ellipsis));
  const { running, transferred } = target.build;
  if (running.length === 0) return transferred === undefined ? [] : [fit(sanitizeName(transferred))];
  const lines = running.slice(0, STEPS_SHOWN).map((step) => stepLine(step, frame));
  if (running.length > STEPS_SHOWN) lines.push(fit(`and ${running.length - STEPS_SHOWN} more steps`));
  const said = running.findLast(({ line }) => line !== undefined)?.line;
  return said === undefined || said.trim() === "" ? lines : [...lines, fit(`  ${oneLine(said)}`)];
}

/** Tabs have no width of their own, colours would compete with those of the display. */
function oneLine(text: string): string {
  const lines = withoutColors(sanitizeText(text)).trimEnd().split("\n");
  return lines.at(-1)?.replaceAll("\t", " ").trim() ?? "";
}

/** The name gives way so that how long the step takes can be seen. */
function stepLine(step: RunningStep, { now, width, style }: LiveFrame): string {
  const { symbols } = style;
  const moved = step.moved === undefined ? "" : `  ${bytes(step.moved)}`;
  const tail = `${moved}  ${seconds(now - step.startedAt)}`;
  const room = Math.max(10, width - 2 - displayWidth(tail));
  const name = truncate(sanitizeName(step.name), room, symbols.ellipsis);
  return truncate(`${style.dim(symbols.output)} ${name}${style.dim(tail)}`, width, symbols.ellipsis);
}

function bytes({ current, total }: { readonly current: number; readonly total: number }): string {
  return total > 0 ? `${formatByteSize(current)} / ${formatByteSize(total)}` : formatByteSize(current);
}

/** Tenths of a second, so that the digits that change stay in one place. */
function seconds(milliseconds: number): string {
  return milliseconds < 59_950 ? `${(milliseconds / 1000).toFixed(1)} s` : formatDuration(milliseconds);
}
