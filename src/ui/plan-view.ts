import type { Plan } from "../plan/plan.ts";
import { EFFECT_SYMBOL, type Effect, groupPlan, kindOf, type TargetGroup } from "./plan-groups.ts";
import { reasonWords } from "./reason-words.ts";
import { sanitizeName } from "./sanitize.ts";
import type { Paint, Style } from "./style.ts";
import { displayWidth, pad, wrap } from "./width.ts";

/** Reasons shown of one target; the rest is counted. */
const REASONS_SHOWN = 6;
/** Cells that targets are aligned in; in a plan, a longer one has a line of its own. */
export const TARGET_WIDTH = 36;
/** Cells that reasons need beside their target; with fewer they go below it. */
const REASON_ROOM = 24;

/** Effects as the summary counts them. */
const SUMMARY: readonly { readonly effects: readonly Effect[]; readonly words: string }[] = [
  { effects: ["build"], words: "to build" },
  { effects: ["pull"], words: "to pull" },
  { effects: ["create"], words: "to create" },
  { effects: ["replace"], words: "to replace" },
  { effects: ["update", "rename", "connect", "disconnect", "tag"], words: "to update" },
  { effects: ["restart"], words: "to restart" },
  { effects: ["start"], words: "to start" },
  { effects: ["stop"], words: "to stop" },
  { effects: ["remove", "untag"], words: "to remove" },
  { effects: ["wait"], words: "to wait for" },
];

/**
 * A plan for people: one line a target with what happens to it and why, what would be lost in red, a summary at the
 * end. Equal plans give equal text. No newline at the end.
 */
export function formatPlan(plan: Plan, style: Style): string {
  if (plan.actions.length === 0) return upToDate(plan, style);
  const groups = groupPlan(plan);
  const widest = Math.max(...groups.map(({ target }) => displayWidth(sanitizeName(target))));
  const targetWidth = Math.min(widest, TARGET_WIDTH);
  const effectWidth = Math.max(...groups.map(({ effect }) => effect.length));
  const lines = groups.flatMap((group) => groupLines(group, { targetWidth, effectWidth, style }));
  return [...lines, "", planSummary(plan, style)].join("\n");
}

/** `Plan: 1 to build, 2 to create, 3 unchanged`. */
export function planSummary(plan: Plan, style: Style): string {
  const groups = groupPlan(plan);
  const counts = SUMMARY.flatMap(({ effects, words }) => {
    const count = groups.filter(({ effect }) => effects.includes(effect)).length;
    return count === 0 ? [] : [`${count} ${words}`];
  });
  const unchanged = unchangedOnly(plan).length;
  if (unchanged > 0) counts.push(`${unchanged} unchanged`);
  const indent = "Plan: ".length;
  const lines = style.width === undefined ? [counts.join(", ")] : wrapItems(counts, style.width - indent);
  return `${style.bold("Plan:")} ${lines.join(`\n${" ".repeat(indent)}`)}`;
}

function groupLines(
  group: TargetGroup,
  of: { readonly targetWidth: number; readonly effectWidth: number; readonly style: Style },
): readonly string[] {
  const { style } = of;
  const paint = effectPaint(group, style);
  const sign = paint(style.symbols[EFFECT_SYMBOL[group.effect]]);
  const target = sanitizeName(group.target);
  const long = displayWidth(target) > of.targetWidth;
  const head = `${long ? " " : sign} ${pad(long ? "" : target, of.targetWidth)}  ${paint(pad(group.effect, of.effectWidth))}`;
  const above = long ? [`${sign} ${target}`] : [];
  const column = displayWidth(head) + 2;
  const below = style.width !== undefined && style.width - column < REASON_ROOM;
  const indent = below ? 4 : column;
  const room = style.width === undefined ? undefined : Math.max(16, style.width - indent);
  const texts = [
    ...whys(group, style).flatMap((why) => hanging(why, room, style)),
    ...group.destroys.flatMap((what) => hanging(`destroys ${sanitizeName(what)}`, room, style).map(style.red)),
  ];
  const lines = texts.map((text) => " ".repeat(indent) + text);
  return [...above, ...(below ? [head, ...lines] : [`${head}  ${texts[0] ?? ""}`.trimEnd(), ...lines.slice(1)])];
}

function whys(group: TargetGroup, style: Style): readonly string[] {
  const words = [...new Set(group.reasons.map((reason) => reasonWords(reason, style)))];
  const shown = words.slice(0, words.length > REASONS_SHOWN ? REASONS_SHOWN - 1 : REASONS_SHOWN);
  if (shown.length < words.length) shown.push(`and ${words.length - shown.length} more reasons`);
  if (group.onlyIf === undefined) return shown;
  const [first = "", ...rest] = shown;
  return [`${first}; stays if it comes out the same`, ...rest];
}

function effectPaint(group: TargetGroup, style: Style): Paint {
  if (group.destroys.length > 0) return style.red;
  switch (group.effect) {
    case "create":
    case "start":
    case "tag":
    case "connect":
      return style.green;
    case "build":
    case "pull":
      return style.cyan;
    case "replace":
    case "update":
    case "rename":
    case "restart":
      return style.yellow;
    case "remove":
    case "stop":
    case "disconnect":
      return style.red;
    case "untag":
    case "wait":
      return style.dim;
  }
}

function upToDate(plan: Plan, style: Style): string {
  const count = (kind: string, words: string): string[] => {
    const number = plan.unchanged.filter((target) => kindOf(target) === kind).length;
    return number === 0 ? [] : [`${number} ${words}${number === 1 ? "" : "s"}`];
  };
  const counts = [
    ...count("image", "image"),
    ...count("service", "service"),
    ...count("network", "network"),
    ...count("volume", "volume"),
  ];
  const what = counts.length > 0 ? style.dim(` (${counts.join(", ")})`) : "";
  return `${style.green(style.symbols.done)} Everything is up to date${what}`;
}

/** The items with commas between them, broken only there. */
function wrapItems(items: readonly string[], width: number): readonly string[] {
  const glued = items.map((item) => item.replaceAll(" ", "\u00a0")).join(", ");
  return wrap(glued, width, "").map((line) => line.replaceAll("\u00a0", " "));
}

/** The text in lines that fit, those after the first a little to the right. */
function hanging(text: string, room: number | undefined, style: Style): readonly string[] {
  if (room === undefined || displayWidth(text) <= room) return [text];
  return wrap(text, room - 2, style.symbols.ellipsis).map((line, index) => (index === 0 ? line : `  ${line}`));
}

/** Targets that nothing happens to: an image whose old tags go is both. */
function unchangedOnly(plan: Plan): readonly string[] {
  const changed = new Set(plan.actions.map(({ target }) => target));
  return plan.unchanged.filter((target) => !changed.has(target));
}
