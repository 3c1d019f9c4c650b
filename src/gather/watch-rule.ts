import { basename } from "node:path";
import { type PatternList, patternList } from "../context/ignore.ts";
import type { WatchRule } from "../project/dev-model.ts";
import { pathBelow } from "../std/path-below.ts";

/** Whether a rule is about a path: below its own, matched by `include` where there is one, and not by `ignore`. */
export function ruleTakes(rule: WatchRule, path: string): boolean {
  const inner = pathBelow(rule.path, path);
  if (inner === undefined) return false;
  const name = inner === "" ? basename(path) : inner;
  const included = rule.include.length === 0 || patternsOf(rule, "include").match(name).matched;
  return included && !(rule.ignore.length > 0 && patternsOf(rule, "ignore").match(name).matched);
}

/** Where a path that a sync rule takes lies in the container. */
export function ruleTarget(rule: WatchRule, path: string): string {
  if (rule.target === undefined) throw new Error(`the rule for ${rule.path} has no target`);
  const inner = pathBelow(rule.path, path) ?? "";
  return inner === "" ? rule.target : `${rule.target}/${inner}`;
}

/** A rule as a reader finds it: `dock.yaml:14`. */
export function rulePlace({ at: { source, span } }: WatchRule): string {
  return `${basename(source.file)}:${source.text.slice(0, span.start).split("\n").length}`;
}

const compiled = new WeakMap<WatchRule, Partial<Record<"include" | "ignore", PatternList>>>();

function patternsOf(rule: WatchRule, which: "include" | "ignore"): PatternList {
  const lists = compiled.get(rule) ?? {};
  compiled.set(rule, lists);
  lists[which] ??= patternList(rule[which], `${rulePlace(rule)}: ${which}`);
  return lists[which];
}
