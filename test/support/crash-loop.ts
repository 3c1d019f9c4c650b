import { Semaphore } from "../../src/std/semaphore.ts";
import type { CrashField } from "./crash-ground.ts";
import { type Blow, playGolden, playStruck, type Strike, type Struck } from "./crash-run.ts";
import type { CrashScenario } from "./crash-scenarios.ts";

/** What a loop over a scenario found. */
export interface LoopReport {
  readonly field: string;
  readonly scenario: string;
  /** Requests that the step sends when nothing strikes. */
  readonly requests: number;
  readonly runs: number;
  readonly seconds: number;
  readonly failures: readonly string[];
}

/** Which strikes are tried: every one, some, or one that is played again. */
export type Choice = (strike: Strike) => boolean;

/** Requests beyond those of the run without faults that are tried: a struck run may send more. */
const BEYOND = 2;

/**
 * Strikes a scenario at each request with each blow that is chosen, several runs at once. A failure is named
 * `scenario kind@N METHOD path`, with the argument that plays it again and everything that dock printed.
 */
export async function crashLoop(
  of: { readonly field: CrashField; readonly scenario: CrashScenario; readonly blows: readonly Blow[] },
  chosen: Choice,
): Promise<LoopReport> {
  const { field, scenario, blows } = of;
  const start = performance.now();
  const golden = await playGolden(field, scenario);
  const strikes: Strike[] = [];
  for (let at = 1; at <= golden.requests.length + BEYOND; at += 1)
    strikes.push(...blows.map((blow) => ({ blow, at })).filter(chosen));
  const failures: string[] = [];
  let runs = 0;
  const play = async (strike: Strike): Promise<void> => {
    const played = await playStruck({ field, scenario, golden }, strike);
    if (played.fired) runs += 1;
    if (played.problems.length > 0) failures.push(failureText(of, { ...played, strike }));
  };
  for (const batch of batches(strikes, field.shared ? field.width : strikes.length)) {
    const limit = new Semaphore(field.width);
    await Promise.all(batch.map((strike) => limit.run(() => play(strike))));
    const left = await field.leftovers();
    const names = batch.map(({ blow, at }) => `${blow}@${at}`).join(", ");
    if (left.length > 0) failures.push(`${field.name} ${scenario.name} one of ${names}: ${left.join("; ")}`);
  }
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  return { field: field.name, scenario: scenario.name, requests: golden.requests.length, runs, seconds, failures };
}

function batches<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const starts = Array.from({ length: Math.ceil(items.length / Math.max(1, size)) }, (_, index) => index * size);
  return starts.map((start) => items.slice(start, start + size));
}

function failureText(
  { field, scenario }: { readonly field: CrashField; readonly scenario: CrashScenario },
  of: Struck & { readonly strike: Strike },
): string {
  const { blow, at } = of.strike;
  const name = `${field.name}/${scenario.name}/${blow}@${at}`;
  return [
    `${name} ${of.request} (again: npm run test:faults -- --replay ${name})`,
    ...of.problems.map((problem) => `  ${problem}`),
    ...of.transcript.split("\n").map((line) => `    ${line}`),
  ].join("\n");
}
