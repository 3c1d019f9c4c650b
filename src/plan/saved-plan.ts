import { canonicalJson, type Digest, sha256 } from "../std/digest.ts";
import type { Plan } from "./plan.ts";
import type { PlanRequest } from "./request.ts";

/** A plan that leaves the process: what was asked for, what was planned, and whose it is. Holds no secret and no operation's arguments. */
export interface SavedPlan {
  readonly format: "dock.saved-plan/1";
  readonly project: string;
  /** Absolute path of the project file. */
  readonly file: string;
  readonly request: PlanRequest;
  /** Profiles that were asked for. */
  readonly profiles: readonly string[];
  /** `--arg`s that were given. */
  readonly args: readonly string[];
  /** Of the whole plan with its operations: another digest now means that what it was made from has moved. */
  readonly digest: Digest;
  /** For the reader. */
  readonly plan: unknown;
}

/** Digest of everything that a plan would do. */
export function planDigest(plan: Plan): Digest {
  return sha256(canonicalJson(plan.actions));
}

/** Reads a saved plan, or says in a few words what is wrong with it. */
export function readSavedPlan(text: string): SavedPlan | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "it is no JSON" };
  }
  if (value === null || typeof value !== "object") return { problem: "it is no saved plan" };
  const saved = value as Partial<SavedPlan>;
  if (saved.format !== "dock.saved-plan/1")
    return { problem: `its format is ${JSON.stringify(saved.format)}, not "dock.saved-plan/1"` };
  const whole =
    typeof saved.project === "string" &&
    typeof saved.file === "string" &&
    typeof saved.digest === "string" &&
    typeof saved.request === "object" &&
    Array.isArray(saved.profiles) &&
    Array.isArray(saved.args);
  return whole ? (saved as SavedPlan) : { problem: "parts of it are missing" };
}
