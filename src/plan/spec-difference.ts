import { canonicalJson, compareText, sameJson } from "../std/digest.ts";
import { changeOf, concealedValue, isClearable, liveSpec, replacingPart, updatablePart } from "./container-spec.ts";
import { LABEL } from "./labels.ts";
import type { ObservedContainer } from "./observed.ts";
import type { Reason } from "./reason.ts";
import type { CanonicalSpec, SpecValue } from "./spec-value.ts";
import type { WantedSlot } from "./wanted.ts";

/** How a container differs from its wish in what the file says. */
export interface SpecDifference {
  readonly replace: readonly Reason[];
  readonly update: readonly Reason[];
}

/** True when a container is not what is wanted, or is not known to be, by labels and cache: only such need an inspection. */
export function specLabelDiffers(container: ObservedContainer, wanted: WantedSlot): boolean {
  if (isAsWanted(container, wanted)) return false;
  const before = parseSpec(container.labels[LABEL.spec]);
  if (before === undefined || container.settled === undefined) return true;
  const kept = sameJson(replacingPart(before), replacingPart(wanted.labelSpec));
  return !kept || !sameJson(container.settled, updatablePart(wanted.labelSpec));
}

/** Property by property, from the spec label; the environment's values before come from the live container where it was inspected. */
export function specDifference(container: ObservedContainer, wanted: WantedSlot): SpecDifference {
  if (container.live === undefined && isAsWanted(container, wanted)) return { replace: [], update: [] };
  const before = parseSpec(container.labels[LABEL.spec]);
  if (before === undefined) return { replace: [{ code: "config-changed", path: "labels" }], update: [] };
  const now = { ...replacingPart(before), ...presentSpec(container) };
  const replace: Reason[] = [];
  const update: Reason[] = [];
  for (const name of [...new Set([...Object.keys(now), ...Object.keys(wanted.labelSpec)])].sort(compareText)) {
    const [was, is] = [now[name], wanted.labelSpec[name]];
    if (sameJson(was, is)) continue;
    if (changeOf(name) === "update" && (is !== undefined || isClearable(name)))
      update.push(...differences({ path: name, was, is }));
    else if (name === "environment") replace.push(...environmentDifferences(container, wanted, { was, is }));
    else if (name === "secrets" || name === "configs") replace.push(...fileDifferences({ path: name, was, is }));
    else replace.push(...differences({ path: name, was, is }));
  }
  return { replace, update };
}

/** True when nothing differs, told by the texts as they are: for most containers nothing needs to be parsed. */
function isAsWanted({ labels, settled }: ObservedContainer, wanted: WantedSlot): boolean {
  if (settled === undefined || labels[LABEL.spec] !== wanted.specLabel) return false;
  return sameJson(settled, updatablePart(wanted.labelSpec));
}

/**
 * What changes in place, as it is now. An engine that can't account for something leaves its limit out: what an
 * inspection lacks is taken as dock left it, else it would be set again and again.
 */
export function presentSpec(container: ObservedContainer): CanonicalSpec {
  const settled = container.settled ?? updatablePart(parseSpec(container.labels[LABEL.spec]) ?? {});
  return container.live === undefined ? settled : { ...settled, ...liveSpec(container.live) };
}

interface Change {
  readonly path: string;
  readonly was: SpecValue | undefined;
  readonly is: SpecValue | undefined;
}

/** A map's members are compared one by one, all else as a whole. */
function differences(change: Change): readonly Reason[] {
  const { path, was, is } = change;
  if (isMap(was ?? {}) && isMap(is ?? {}) && (isMap(was) || isMap(is))) {
    const [before, after] = [isMap(was) ? was : {}, isMap(is) ? is : {}];
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .sort(compareText)
      .filter((key) => !sameJson(before[key], after[key]))
      .map((key) => reason({ path: `${path}.${key}`, was: before[key], is: after[key] }));
  }
  return [reason(change)];
}

/** What differs of given files; of a content only that it does. */
function fileDifferences(change: Change): readonly Reason[] {
  return differences(change).map((difference) => {
    const target = difference.path?.slice(change.path.length + 1) ?? "";
    const [was, is] = [memberOf(change.was, target), memberOf(change.is, target)];
    const [before, after] = [withoutContent(was), withoutContent(is)];
    const path = difference.path ?? change.path;
    const sameRights = before !== undefined && after !== undefined && sameJson(before, after);
    return sameRights ? { code: "config-changed", path } : reason({ path, was: before, is: after });
  });
}

function memberOf(value: SpecValue | undefined, key: string): SpecValue | undefined {
  return isMap(value) ? value[key] : undefined;
}

function withoutContent(value: SpecValue | undefined): SpecValue | undefined {
  if (!isMap(value)) return value;
  const { content: _, ...rest } = value;
  return rest;
}

function environmentDifferences(
  container: ObservedContainer,
  wanted: WantedSlot,
  of: { readonly was: SpecValue | undefined; readonly is: SpecValue | undefined },
): readonly Reason[] {
  const live = container.live?.environment ?? {};
  const clear = isMap(wanted.spec["environment"]) ? wanted.spec["environment"] : {};
  const salt = container.labels[LABEL.salt] ?? "";
  return differences({ path: "environment", ...of }).map((difference) => {
    const name = difference.path?.slice("environment.".length) ?? "";
    const [before, after] = [live[name], clear[name]];
    // A value that changed in the container since is none that the label can vouch for.
    const known = before !== undefined && isMap(of.was) && of.was[name] === concealedValue(salt, before);
    return {
      code: "config-changed",
      path: difference.path ?? "environment",
      ...(isMap(of.was) && name in of.was ? { before: known ? shown(name, before) : "(unknown)" } : {}),
      ...(after === undefined ? {} : { after: shown(name, text(after)) }),
    };
  });
}

/** Values of variables that are named like secrets are not shown. */
function shown(name: string, value: string): string {
  return /pass|secret|token|key|credential|auth|private/i.test(name) ? "(hidden)" : value;
}

function reason(change: Change): Reason {
  return {
    code: "config-changed",
    path: change.path,
    ...(change.was === undefined ? {} : { before: text(change.was) }),
    ...(change.is === undefined ? {} : { after: text(change.is) }),
  };
}

function text(value: SpecValue): string {
  return typeof value === "string" ? value : canonicalJson(value);
}

function isMap(value: SpecValue | undefined): value is { readonly [key: string]: SpecValue } {
  return typeof value === "object" && !Array.isArray(value);
}

export function parseSpec(label: string | undefined): CanonicalSpec | undefined {
  try {
    const parsed: unknown = JSON.parse(label ?? "");
    return parsed !== null && typeof parsed === "object" ? (parsed as CanonicalSpec) : undefined;
  } catch {
    return undefined;
  }
}
