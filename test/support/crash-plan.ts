import { appendFileSync } from "node:fs";
import { type CrashField, fakeField, realField } from "./crash-ground.ts";
import type { Choice } from "./crash-loop.ts";
import { type Blow, BLOWS } from "./crash-run.ts";
import { type CrashScenario, CRASH_SCENARIOS } from "./crash-scenarios.ts";

/** What a run of the fault tests covers: everything, a cut of it, or one strike again. `npm run test:faults` says it. */
export interface CrashPlan {
  readonly whole: boolean;
  readonly fields: readonly PlannedField[];
  /** `field/scenario/blow@N`, to be played again. */
  readonly replay: string | undefined;
}

/** An engine to be struck, and with what. */
export interface PlannedField {
  readonly name: string;
  readonly blows: readonly Blow[];
  readonly scenarios: readonly CrashScenario[];
  open(): Promise<CrashField>;
}

/** What tells a real engine from a fake one is its time: there, only blows are tried that need a real one. */
const REAL_BLOWS: readonly Blow[] = ["kill-after", "reset-after", "sigint"];

/** Reads what `scripts/faults.mjs` has put into the environment; without it, a cut on the newer fake engine. */
export function crashPlan(env: Readonly<Record<string, string | undefined>> = process.env): CrashPlan {
  const whole = env["DOCK_FAULTS"] === "whole";
  const engine = env["DOCK_FAULTS_ENGINE"];
  const versions = whole ? ["1.51", "1.41"] : ["1.51"];
  const fakes = versions.map((version): PlannedField => {
    const field = fakeField(version);
    return { name: field.name, blows: BLOWS, scenarios: CRASH_SCENARIOS, open: async () => field };
  });
  const [name = "", host = ""] = engine?.split("=", 2) ?? [];
  const scenarios = CRASH_SCENARIOS.filter(({ timely }) => !timely);
  const real: PlannedField = { name, blows: REAL_BLOWS, scenarios, open: async () => realField(name, host) };
  return { whole, fields: engine === undefined ? fakes : [real], replay: env["DOCK_FAULTS_REPLAY"] };
}

/** All strikes when the whole is asked for, the one to be replayed, else one blow for every other request. */
export function choiceOf(plan: CrashPlan, of: { readonly field: string; readonly scenario: string }): Choice {
  if (plan.replay !== undefined) return ({ blow, at }) => `${of.field}/${of.scenario}/${blow}@${at}` === plan.replay;
  if (plan.whole) return () => true;
  // Every other request; scenarios begin with different blows, so that all blows meet all kinds of requests.
  const shift = of.scenario.length;
  return ({ blow, at }) =>
    (at + shift) % 2 === 0 && BLOWS[(Math.floor(at / 2) * CUT_STEP + shift) % BLOWS.length] === blow;
}

/** Has no divisor in common with the number of blows. */
const CUT_STEP = 7;

/** Keeps what a test has found out for the figures that `npm run test:faults` prints. */
export function note(figures: Readonly<Record<string, unknown>>): void {
  const file = process.env["DOCK_FAULTS_REPORT"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figures)}\n`);
}
