import { compareText } from "../std/digest.ts";
import type { BuildRecord } from "./inputs.ts";
import type { Reason } from "./reason.ts";

/** What differs between the inputs of two builds, most telling first; never empty: equal records differ in a way they don't tell. */
export function inputDifferences(before: BuildRecord, after: BuildRecord): readonly Reason[] {
  const reasons: Reason[] = [];
  if (before.dockerfile !== after.dockerfile) reasons.push({ code: "dockerfile-changed" });
  for (const change of changedKeys(before.args, after.args)) reasons.push({ code: "arg-changed", ...change });
  for (const change of changedKeys(before.bases, after.bases)) reasons.push({ code: "base-changed", ...change });
  if (before.target !== after.target) {
    reasons.push({ code: "target-changed", before: before.target, after: after.target });
  }
  if (before.platform !== after.platform) {
    reasons.push({ code: "platform-changed", before: before.platform, after: after.platform });
  }
  for (const change of changedKeys(before.labels, after.labels)) reasons.push({ code: "label-changed", ...change });
  const [hadSecrets, hasSecrets] = [before.secrets?.join(", ") ?? "", after.secrets?.join(", ") ?? ""];
  if (hadSecrets !== hasSecrets) reasons.push({ code: "secrets-changed", before: hadSecrets, after: hasSecrets });
  const files = changedKeys(before.files, after.files).map((change) => change.path);
  if (files.length > 0) reasons.push({ code: "files-changed", files });
  return reasons.length > 0 ? reasons : [{ code: "inputs-changed" }];
}

/** Keys whose values differ, in order, with both values where they are there. */
export function changedKeys(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly { path: string; before?: string; after?: string }[] {
  const differing: string[] = [];
  for (const path in before) if (before[path] !== after[path]) differing.push(path);
  for (const path in after) if (before[path] === undefined) differing.push(path);
  return differing.sort(compareText).map((path) => {
    const [was, is] = [before[path], after[path]];
    return { path, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) };
  });
}
