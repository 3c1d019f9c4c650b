import { LABEL } from "../../src/plan/labels.ts";
import type { CrashField, CrashGround } from "./crash-ground.ts";
import { CLEAN, type CrashScenario, type CrashStep } from "./crash-scenarios.ts";
import { CrashSite, transcript } from "./crash-site.ts";
import type { LoggedRequest } from "./engine-request.ts";
import { type Fault, FAULTS, FaultProxy } from "./fault-proxy.ts";
import type { Finished } from "./scenario-process.ts";
import { type Snapshot, snapshotDifference, takeSnapshot } from "./snapshot.ts";

/** What may strike: what a proxy can do to a request, or Ctrl-C while it is under way. */
export const BLOWS = [...FAULTS, "sigint"] as const;

export type Blow = (typeof BLOWS)[number];

/** A blow and the request that it falls on, counted from 1. */
export interface Strike {
  readonly blow: Blow;
  readonly at: number;
}

/** What a scenario comes to when nothing strikes. */
export interface Golden {
  /** The requests of the step that is to be struck. */
  readonly requests: readonly LoggedRequest[];
  readonly struck: Snapshot;
  readonly recovered: Snapshot;
  readonly mended: Snapshot;
}

/** How a struck scenario went. */
export interface Struck {
  /** Whether there was such a request. */
  readonly fired: boolean;
  /** The request that was struck: `POST /containers/…/start`. */
  readonly request: string;
  /** Every promise that was broken, in words; empty when all was well. */
  readonly problems: readonly string[];
  /** All commands with their output. */
  readonly transcript: string;
}

/** Everything that one run of a scenario works with. */
interface Stage {
  readonly field: CrashField;
  readonly ground: CrashGround;
  readonly site: CrashSite;
  readonly scenario: CrashScenario;
  readonly problems: string[];
}

/** Plays a scenario without a fault; throws when it does not go as it says itself. */
export async function playGolden(field: CrashField, scenario: CrashScenario): Promise<Golden> {
  return onStage(field, scenario, async (stage) => {
    await prepare(stage);
    const { finished, requests } = await strike(stage, undefined);
    expectCode(stage, "the step itself", { finished, code: scenario.struck.code });
    const struck = await look(stage);
    await perform(stage, scenario.recovery, "the recovery");
    const recovered = await look(stage);
    if (scenario.mending) await perform(stage, scenario.mending, "the mending");
    const mended = await look(stage);
    await perform(stage, CLEAN, "the end");
    if (stage.problems.length > 0) throw new Error([...stage.problems, ...stage.site.history].join("\n"));
    return { requests, struck, recovered, mended };
  });
}

/** Plays a scenario with a fault and checks everything that has to hold afterwards. */
export async function playStruck(
  of: { readonly field: CrashField; readonly scenario: CrashScenario; readonly golden: Golden },
  what: Strike,
): Promise<Struck> {
  const { field, scenario, golden } = of;
  return onStage(field, scenario, async (stage) => {
    const { problems, site } = stage;
    await prepare(stage);
    const marks = await markVolumes(stage);
    const { finished, requests, fired } = await strike(stage, what);
    if (finished.code !== HUNG) await judge(stage, { finished, what, golden });
    await recover(stage, golden);
    if (scenario.keepsData) await checkMarks(stage, marks);
    await perform(stage, CLEAN, "the end");
    const left = [...(await look(stage)), ...(await stage.ground.leftovers())];
    if (left.length > 0) problems.push(`down -v leaves: ${left.join("; ")}`);
    const request = requests[what.at - 1];
    return {
      fired,
      request: request === undefined ? "(no such request)" : `${request.method} ${shortPath(request.path)}`,
      problems,
      transcript: site.history.join("\n"),
    };
  });
}

async function onStage<T>(field: CrashField, scenario: CrashScenario, play: (stage: Stage) => Promise<T>): Promise<T> {
  await using ground = await field.begin();
  await using site = await CrashSite.begin(ground.ports);
  return await play({ field, ground, site, scenario, problems: [] });
}

async function prepare(stage: Stage): Promise<void> {
  for (const step of stage.scenario.before) await perform(stage, step, "the preparation");
  // What is not written by the step itself is the last revision.
  if (stage.scenario.before.length === 0 && stage.scenario.struck.revision === undefined)
    throw new Error(`scenario ${stage.scenario.name} has no project file`);
}

/** Runs a step, nothing in its way, and notes it when it does not end as it should. */
async function perform({ site, ground, problems }: Stage, step: CrashStep, name: string): Promise<Finished> {
  if (step.revision) await site.declare(step.revision);
  const finished = await site.run(step.args, ground.host);
  expectCode({ problems }, name, { finished, code: step.code });
  return finished;
}

function expectCode(
  { problems }: Pick<Stage, "problems">,
  name: string,
  of: { readonly finished: Finished; readonly code: number },
): void {
  const { code, stderr } = of.finished;
  if (code !== of.code) problems.push(`${name} ends with ${code}, not ${of.code}: ${lastLine(stderr)}`);
}

/** The code that stands for a run that did not end. */
const HUNG = -99;

/** Seconds that a struck run gives a service: what it waits for may never be told to it. */
const STRUCK_PATIENCE = "3s";

/** Runs the scenario's step as a process of its own behind a proxy that strikes. */
async function strike(
  { field, ground, site, scenario, problems }: Stage,
  what: Strike | undefined,
): Promise<{ readonly finished: Finished; readonly requests: readonly LoggedRequest[]; readonly fired: boolean }> {
  const { struck } = scenario;
  if (struck.revision) await site.declare(struck.revision);
  let kill = (_signal: NodeJS.Signals): void => {};
  let seen = 0;
  let interrupted = false;
  await using proxy = await FaultProxy.start({
    upstream: ground.socketPath,
    ...(what === undefined || what.blow === "sigint" ? {} : { fault: what.blow satisfies Fault, at: what.at }),
    counts: () => {
      seen += 1;
      if (what?.blow !== "sigint") return true;
      if (seen === what.at) {
        interrupted = true;
        kill("SIGINT");
      }
      return true;
    },
    onKill: () => kill("SIGKILL"),
  });
  const waiting = struck.args[0] === "up" && what !== undefined ? ["--wait-timeout", STRUCK_PATIENCE] : [];
  const args = [...struck.args, ...waiting, "--parallel", "1"];
  const child = site.start(args, { host: proxy.host, deadline: field.patience, hurry: what?.blow === "stall" });
  kill = (signal) => child.signal(signal);
  const finished = await child.end().catch((error: Error): Finished => {
    problems.push(`does not end within ${field.patience / 1000} s`);
    return { code: HUNG, stdout: "", stderr: error.message };
  });
  site.history.push(transcript(args, finished));
  return { finished, requests: [...proxy.requests], fired: proxy.fired || interrupted };
}

const KILLED = 137;
const INTERRUPTED = 130;

/** Exit codes that a failing engine may lead to: a failure, no usable engine, a service that is not ready. */
const FAILURES: ReadonlySet<number> = new Set([1, 3, 5]);

/** Whether a struck run ended as it may: with a failure, or because all is as it should be. */
async function judge(
  stage: Stage,
  of: { readonly finished: Finished; readonly what: Strike; readonly golden: Golden },
): Promise<void> {
  const { problems, scenario } = stage;
  const { code, stderr } = of.finished;
  if (/unhandled|uncaught|\n\s+at .*:\d+:\d+|node:internal/i.test(stderr))
    problems.push(`prints a stack: ${lastLine(stderr)}`);
  if (code === KILLED && of.what.blow.startsWith("kill")) return;
  if (code === INTERRUPTED && of.what.blow === "sigint") return;
  if (FAILURES.has(code)) return;
  if (code !== 0) {
    problems.push(`the struck run ends with ${code}: ${lastLine(stderr)}`);
    return;
  }
  const difference = snapshotDifference(of.golden.struck, await look(stage));
  if (scenario.struck.code !== 0) problems.push("the struck run says that all is well, where it can't be");
  else if (difference.length > 0) problems.push(`the struck run says that all is well: ${difference.join("; ")}`);
}

/** The way back: a run that brings about what would be without the fault, then one that finds nothing to do. */
async function recover(stage: Stage, golden: Golden): Promise<void> {
  const { scenario, problems } = stage;
  await perform(stage, scenario.recovery, "the recovery");
  const recovered = snapshotDifference(golden.recovered, await look(stage));
  if (recovered.length > 0) problems.push(`the recovery comes to something else: ${recovered.join("; ")}`);
  if (scenario.mending) {
    await perform(stage, scenario.mending, "the mending");
    const mended = snapshotDifference(golden.mended, await look(stage));
    if (mended.length > 0) problems.push(`the mending comes to something else: ${mended.join("; ")}`);
  }
  await rest(stage, scenario.mending ?? scenario.recovery);
}

/** The same once more: it must not send anything that changes something. */
async function rest(stage: Stage, { args }: CrashStep): Promise<void> {
  const { site, ground, problems } = stage;
  await using proxy = await FaultProxy.start({ upstream: ground.socketPath });
  // The lock and the labels go by the engine's address, which the proxy's is not: nothing else runs here.
  const finished = await site.run(args, proxy.host);
  expectCode(stage, "the third run", { finished, code: 0 });
  const changes = proxy.mutations.map(({ method, path }) => `${method} ${shortPath(path)}`);
  if (changes.length > 0) problems.push(`the third run changes something: ${changes.join(", ")}`);
}

async function look({ ground, site }: Stage): Promise<Snapshot> {
  return takeSnapshot(ground.bare, site.project, site.steady);
}

/** Puts a mark into every volume with data: what it is, by its name or by the place where it is mounted. */
async function markVolumes(stage: Stage): Promise<ReadonlyMap<string, string>> {
  const marks = new Map<string, string>();
  for (const [place, volume] of await dataVolumes(stage)) {
    marks.set(place, `data of ${place}`);
    await stage.ground.mark(volume, `data of ${place}`);
  }
  return marks;
}

async function checkMarks(stage: Stage, marks: ReadonlyMap<string, string>): Promise<void> {
  const volumes = await dataVolumes(stage);
  // Anonymous volumes are named only by the containers that mount them: without those nobody can find them.
  const places = [...marks].filter(([place]) => volumes.has(place) || !place.startsWith("anonymous"));
  for (const [place, mark] of places) {
    const found = await stage.ground.marked(volumes.get(place) ?? "");
    if (found !== mark) stage.problems.push(`lost: ${mark} (found ${found ?? "nothing"})`);
  }
}

/** Volumes that hold a user's data, by what they are to him. */
async function dataVolumes({ ground, site }: Stage): Promise<ReadonlyMap<string, string>> {
  const places = new Map<string, string>();
  for (const { Name, Labels } of await ground.bare.volumes()) {
    if (Labels?.[LABEL.project] === site.project && Labels[LABEL.devTarget] === undefined)
      places.set(Labels[LABEL.volume] ?? Name, Name);
  }
  for (const { Labels, Mounts } of await ground.bare.containers()) {
    if (Labels[LABEL.project] !== site.project) continue;
    for (const { Name, Destination } of Mounts) {
      if (Name !== undefined && /^[0-9a-f]{64}$/.test(Name))
        places.set(`anonymous ${Labels[LABEL.service]}${Destination}`, Name);
    }
  }
  return places;
}

/** Ids are of no use to a reader. */
function shortPath(path: string): string {
  return path.replace(/[0-9a-f]{64}/g, "…");
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
