import { canonicalJson, compareText, sha256 } from "../std/digest.ts";
import { LABEL } from "./labels.ts";
import type { Reason } from "./reason.ts";
import type { CanonicalSpec } from "./spec-value.ts";
import { parseSpec } from "./spec-difference.ts";

/** Members that are told by name only: a driver's options may be passwords, ranges are long. */
const UNTOLD = new Set(["driver_opts", "ipam"]);

/** What a network or volume was made with, as its label keeps it: members that say nothing are left out. */
export function definitionLabel(definition: CanonicalSpec): string {
  const told = Object.entries(definition).filter(([, value]) => value !== false && canonicalJson(value) !== "{}");
  return canonicalJson(Object.fromEntries(told));
}

/** Options as they stand in a label: nothing of them can be read. */
export function concealedOptions(options: Readonly<Record<string, string>>): string | false {
  return Object.keys(options).length > 0 && sha256(canonicalJson(options)).slice(0, 16);
}

/** How an object differs from its wish, member by member; one reason without details where its labels don't tell. */
export function definitionReasons(
  labels: Readonly<Record<string, string>>,
  of: { readonly path: string; readonly wanted: CanonicalSpec },
): readonly Reason[] {
  const { path } = of;
  const before = parseSpec(labels[LABEL.spec]);
  if (before === undefined) return [{ code: "config-changed", path }];
  const after = parseSpec(definitionLabel(of.wanted)) ?? {};
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort(compareText);
  const reasons = names.flatMap((name): readonly Reason[] => {
    const [was, is] = [before[name], after[name]];
    if (canonicalJson(was ?? null) === canonicalJson(is ?? null)) return [];
    const at = `${path}.${name}`;
    if (UNTOLD.has(name)) return [{ code: "config-changed", path: at }];
    return [
      {
        code: "config-changed",
        path: at,
        ...(was === undefined ? {} : { before: valueText(was) }),
        ...(is === undefined ? {} : { after: valueText(is) }),
      },
    ];
  });
  return reasons.length > 0 ? reasons : [{ code: "config-changed", path }];
}

function valueText(value: CanonicalSpec[string]): string {
  return typeof value === "string" ? value : canonicalJson(value);
}
