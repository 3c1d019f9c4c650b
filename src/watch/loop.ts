import type { Mode } from "../plan/mode.ts";
import type { Project } from "../project/model.ts";
import { syncRules } from "../project/sync-rules.ts";
import { type Deferred, deferred } from "../std/deferred.ts";
import { type Answer, Assessment } from "./assessment.ts";
import { Gathering, type Span } from "./batch.ts";
import { readClaims } from "./claims.ts";
import { type Coverage, coverageOf } from "./coverage.ts";
import { Dispatch } from "./dispatch.ts";
import { type Effects, heard } from "./effects.ts";
import type { Facts } from "./facts.ts";
import { InPlace } from "./in-place.ts";
import { wantedCopies } from "./mirror.ts";
import { Repositories } from "./repositories.ts";
import { type Outcome, Runs } from "./runs.ts";
import { type FileChange, Snapshot } from "./snapshot.ts";
import { openSource, type OpenSource, type Source } from "./source.ts";
import { SecondLook } from "./second-look.ts";
import { SelfTriggers } from "./self-triggers.ts";
import { type Stalls, watchStalls } from "./stalls.ts";

/** What a watch begins with. */
export interface WatchStart {
  readonly project: Project;
  readonly mode: Mode;
  readonly open?: OpenSource;
  /** Is given what can be asked of the watch while it goes on. */
  readonly controls?: (controls: WatchControls) => void;
}

/** What can be asked of a watch. */
export interface WatchControls {
  /** Makes the engine match once more, though nothing was saved. */
  rerun(): void;
}

/** Milliseconds between looks at everything while nothing happens. */
const RESCAN_MS = 30_000;

/**
 * Makes the engine match, then acts on saved files until the signal aborts, and rejects with its reason. Rejects also
 * with what the first run failed with, unless an edit can mend it.
 *
 * ```
 *   events ─▶ gathering ─quiet─▶ look ─changes─▶ decide ─┬─▶ in place: sync, restart, signal, exec (each service alone)
 *   rescans ─────┘               (snapshot)      ▲       ├─▶ runs: reload, rebuild (one lane, see lane.ts)
 *                                                │       └─▶ assessment: gather the inputs ─┐
 *                                                └──────────────────────────────────────────┘
 * ```
 * Level-triggered: hints only say where to look, looks compare with what was known, runs read what there is. After
 * every run everything is looked at, so when nothing is under way what is applied is what is on the disk.
 */
export async function watch(start: WatchStart, effects: Effects, signal: AbortSignal): Promise<never> {
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const scope = await effects.scope(start.project);
  const facts: Facts = { project: start.project, mode: start.mode, ...scope, applied: undefined, behind: false };
  const coverage = coverageOf(readClaims(facts));
  const gathering = new Gathering();
  const selfTriggers = new SelfTriggers();
  const told = heard(effects, ({ files }) => selfTriggers.acted(files, effects.clock.now()));
  let wake = (): void => undefined;
  await using source = await (start.open ?? openSource)(coverage, {
    clock: effects.clock,
    tell: (hint) => {
      gathering.add(hint, effects.clock.now());
      wake();
    },
    onLimit: (limit) => effects.emit({ type: "warning", ...limit }),
  });
  using stalls = watchStalls();
  const loop = new WatchLoop({
    effects: told,
    facts,
    coverage,
    gathering,
    source,
    stalls,
    selfTriggers,
    signal: until,
  });
  wake = () => loop.wake();
  start.controls?.({ rerun: () => loop.rerun() });
  signal.addEventListener("abort", wake, { once: true });
  try {
    return await loop.run();
  } finally {
    signal.removeEventListener("abort", wake);
    stop.abort(new Error("the watch has ended"));
    await loop.settled();
  }
}

interface WatchParts {
  readonly effects: Effects;
  readonly facts: Facts;
  readonly coverage: Coverage;
  readonly gathering: Gathering;
  readonly source: Source;
  readonly stalls: Stalls;
  readonly selfTriggers: SelfTriggers;
  readonly signal: AbortSignal;
}

class WatchLoop {
  readonly #parts: WatchParts;
  readonly #snapshot: Snapshot;
  readonly #inPlace: InPlace;
  readonly #assessment: Assessment;
  readonly #runs: Runs;
  readonly #dispatch: Dispatch;
  readonly #repositories = new Repositories();
  readonly #secondLook = new SecondLook();
  readonly #inbox: (() => Promise<void> | void)[] = [];
  #facts: Facts;
  #coverage: Coverage;
  #woken: Deferred<void> = deferred();
  #ready = false;
  #lastRescan = 0;
  /** While git is at work nothing is looked at before this. */
  #openAt = 0;
  /** The last run failed because of the engine, not because of the files. */
  #engineFailed = false;

  constructor(parts: WatchParts) {
    const { effects, signal } = parts;
    this.#parts = parts;
    this.#facts = parts.facts;
    this.#coverage = parts.coverage;
    this.#snapshot = new Snapshot(parts.coverage);
    const project = (): Project => this.#facts.project;
    const broken = (error: unknown): void =>
      this.#post(() => {
        throw error;
      });
    this.#inPlace = new InPlace({ effects, signal, broken, wanted: (service) => this.#wanted(service) });
    this.#assessment = new Assessment({
      gather: () => effects.gather(project(), signal),
      answered: (answer) => this.#post(() => this.#answered(answer)),
      broken,
    });
    this.#runs = new Runs({
      effects,
      project,
      signal,
      broken,
      ended: (outcome) => this.#post(() => this.#ended(outcome)),
    });
    this.#dispatch = new Dispatch({
      effects,
      runs: this.#runs,
      inPlace: this.#inPlace,
      assessment: this.#assessment,
      selfTriggers: parts.selfTriggers,
    });
    this.#repositories.cover([this.#facts.project.directory, ...parts.coverage.roots]);
  }

  wake(): void {
    this.#woken.resolve();
  }

  rerun(): void {
    this.#post(() => {
      const now = this.#parts.effects.clock.now();
      this.#runs.edit({ images: [...this.#facts.images] }, { first: now, last: now });
    });
  }

  /** Ends only by throwing. */
  async run(): Promise<never> {
    const { signal, gathering, effects } = this.#parts;
    const { clock } = effects;
    // What is there is noted before the first run reads it: whatever is saved from now on is seen as a change.
    await this.#snapshot.scan(signal);
    this.#runs.begin();
    await this.#snapshot.read(signal);
    this.#lastRescan = clock.now();
    for (;;) {
      await this.#sleep();
      signal.throwIfAborted();
      for (let event = this.#inbox.shift(); event; event = this.#inbox.shift()) await event();
      if (isDue(gathering.dueAt, clock.now()) && this.#isOpen()) await this.#look();
      if (isDue(this.#runs.dueAt, clock.now()) && this.#isOpen()) {
        // What was saved a moment ago belongs to this run or puts it off.
        await this.#look();
        if (isDue(this.#runs.dueAt, clock.now())) this.#runs.due();
      }
      if (isDue(this.#parts.selfTriggers.dueAt, clock.now())) this.#actOnQuiet();
      if (isDue(this.#secondLook.dueAt, clock.now())) this.#lookAgain();
      if (clock.now() >= this.#lastRescan + RESCAN_MS) this.#rescan();
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all([this.#runs.settled(), this.#inPlace.settled(), this.#assessment.settled()]);
  }

  #post(event: () => Promise<void> | void): void {
    this.#inbox.push(event);
    this.wake();
  }

  /** Whether git leaves the files alone. Where it does not, what is due becomes due when it does. */
  #isOpen(): boolean {
    const now = this.#parts.effects.clock.now();
    this.#openAt = this.#repositories.openAt(now);
    return this.#openAt <= now;
  }

  #actOnQuiet(): void {
    const now = this.#parts.effects.clock.now();
    const changes = this.#parts.selfTriggers.due(now).map((path): FileChange => {
      const state = this.#snapshot.at(path);
      return { path, kind: state ? "modified" : "deleted", type: state?.kind ?? "file" };
    });
    this.#dispatch.again(changes, this.#facts, { first: now, last: now });
  }

  /** Until something was posted, a hint came, or something is due. */
  async #sleep(): Promise<void> {
    const { clock } = this.#parts.effects;
    const held = [this.#parts.gathering.dueAt, this.#runs.dueAt].map((at) => at && Math.max(at, this.#openAt));
    const times = [...held, this.#parts.selfTriggers.dueAt, this.#secondLook.dueAt, this.#lastRescan + RESCAN_MS];
    const next = Math.min(...times.filter((time) => time !== undefined));
    if (this.#inbox.length > 0 || next <= clock.now()) return;
    const enough = new AbortController();
    const slept = clock.sleep(next - clock.now(), enough.signal).catch(() => undefined);
    await Promise.race([slept, this.#woken.promise]);
    enough.abort();
    this.#woken = deferred();
  }

  async #look(): Promise<void> {
    const { gathering, stalls, signal, effects } = this.#parts;
    const batch = gathering.take();
    if (!batch) return;
    const look = stalls.happened() ? ({ kind: "everything" } as const) : batch.look;
    const sighting = await this.#snapshot.look(look, signal);
    if (look.kind === "everything") this.#lastRescan = effects.clock.now();
    this.#secondLook.add(sighting.newDirectories, effects.clock.now());
    const branch = this.#repositories.switched();
    this.#dispatch.changes(sighting.changes, this.#facts, { span: batch.span, branch });
    this.#tellOfLostRoots(sighting.changes);
  }

  #tellOfLostRoots(changes: readonly FileChange[]): void {
    for (const { path, kind, type } of changes) {
      if (type !== "directory" || kind !== "deleted" || !this.#coverage.isRoot(path)) continue;
      this.#parts.effects.emit({
        type: "warning",
        message: `${this.#dispatch.shown(path, this.#facts)} is gone`,
        hint: "it is watched again as soon as it is back",
      });
    }
  }

  #lookAgain(): void {
    const { source, gathering, effects } = this.#parts;
    const directories = this.#secondLook.take();
    source.again(directories);
    for (const path of directories) gathering.add({ kind: "path", path }, effects.clock.now());
  }

  #rescan(): void {
    const { gathering, effects } = this.#parts;
    const now = effects.clock.now();
    this.#lastRescan = now;
    gathering.add({ kind: "everything", because: "it is time to" }, now);
    this.#inPlace.retry();
    if (this.#engineFailed) this.#runs.edit({}, { first: now, last: now });
  }

  #answered({ questions, span, fresh }: Answer): void {
    this.#dispatch.answers(questions, { facts: this.#facts, fresh }, span);
  }

  async #ended(outcome: Outcome): Promise<void> {
    const { effects, gathering } = this.#parts;
    const { project } = outcome;
    const applied = outcome.kind === "applied" ? outcome.applied.inputs : this.#facts.applied;
    const behind = outcome.kind === "applied" ? false : outcome.kind === "failed" || this.#facts.behind;
    this.#engineFailed = outcome.kind === "failed" && /^(engine-|locked)/.test(outcome.code);
    if (project !== this.#facts.project) this.#parts.selfTriggers.forget();
    this.#facts = { ...this.#facts, ...(await effects.scope(project)), project, applied, behind };
    const now = effects.clock.now();
    await this.#cover({ first: now, last: now });
    if (!this.#ready && outcome.kind !== "cancelled") {
      this.#ready = true;
      effects.emit({
        type: "watch-ready",
        roots: this.#coverage.roots.map((root) => this.#dispatch.shown(root, this.#facts)),
        files: this.#snapshot.size,
      });
    }
    gathering.add({ kind: "everything", because: "a run has ended" }, effects.clock.now());
    for (const service of this.#facts.services) if (this.#hasSyncRules(service)) this.#inPlace.catchUp(service, now);
    this.#inPlace.start();
  }

  /** Other facts may ask for other places. */
  async #cover(span: Span): Promise<void> {
    const coverage = coverageOf(readClaims(this.#facts));
    if (coverage.key === this.#coverage.key) return;
    const { source, signal } = this.#parts;
    this.#coverage = coverage;
    this.#repositories.cover([this.#facts.project.directory, ...coverage.roots]);
    await source.cover(coverage);
    const sighting = await this.#snapshot.cover(coverage, signal);
    await this.#snapshot.read(signal);
    this.#dispatch.changes(sighting.changes, this.#facts, { span });
    // In places that were not covered before, nobody saw what was saved while the last run was under way.
    this.#runs.edit({}, span);
  }

  #hasSyncRules(key: string): boolean {
    const { project, mode } = this.#facts;
    const service = project.services[key];
    return mode === "dev" && service !== undefined && syncRules(service).length > 0;
  }

  #wanted(service: string): ReturnType<typeof wantedCopies> {
    return wantedCopies(this.#facts.project.services[service]?.dev?.watch ?? [], this.#snapshot);
  }
}

function isDue(at: number | undefined, now: number): boolean {
  return at !== undefined && at <= now;
}
