import type { WatchedChange } from "../event.ts";
import type { Inputs } from "../plan/inputs.ts";
import { unreachable } from "../std/unreachable.ts";
import type { Assessment, OpenQuestion } from "./assessment.ts";
import type { Span } from "./batch.ts";
import type { Effects } from "./effects.ts";
import type { Facts } from "./facts.ts";
import type { InPlace } from "./in-place.ts";
import type { BranchSwitch } from "./repositories.ts";
import type { Runs } from "./runs.ts";
import { type Decision, decide } from "./rules.ts";
import type { FileChange } from "./snapshot.ts";
import type { SelfTriggers } from "./self-triggers.ts";
import { decisionWords, shownPath } from "./words.ts";

/** Who carries out decisions. */
export interface DispatchOptions {
  readonly effects: Effects;
  readonly runs: Runs;
  readonly inPlace: InPlace;
  readonly assessment: Assessment;
  readonly selfTriggers: SelfTriggers;
}

/** Changes of one batch that are told one by one; the rest of a branch switch would only fill the screen. */
const TOLD = 200;

/** Decides about changes and hands each decision to whoever carries it out. */
export class Dispatch {
  readonly #options: DispatchOptions;

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  /** What was just seen to have changed. */
  changes(changes: readonly FileChange[], facts: Facts, batch: NamedBatch): void {
    const { span } = batch;
    const round = new Round(this.#options, facts, batch);
    for (const change of changes) {
      const decisions = decide(change, facts);
      if (this.#comesBack(change, decisions, facts)) continue;
      const known = decisions.filter(({ kind }) => kind !== "unknown");
      for (const decision of known) round.take(change, decision);
      if (known.length < decisions.length) {
        this.#options.assessment.ask(
          { change, decided: new Set(known.map((decision) => JSON.stringify(decision))) },
          span,
        );
      }
    }
    round.end();
  }

  /** What could be decided only with fresh inputs; where those can't be had, a run has to tell what is wrong with them. */
  answers(
    questions: readonly OpenQuestion[],
    of: { readonly facts: Facts; readonly fresh: Inputs | undefined },
    span: Span,
  ): void {
    const round = new Round(this.#options, of.facts, { span });
    for (const { change, decided } of questions) {
      const decisions = decide(change, of.facts, of.fresh);
      if (this.#comesBack(change, decisions, of.facts)) continue;
      for (const decision of decisions) {
        if (!decided.has(JSON.stringify(decision))) round.take(change, decision);
      }
    }
    round.end();
  }

  /** What was left alone until it was quiet. */
  again(changes: readonly FileChange[], facts: Facts, span: Span): void {
    const round = new Round(this.#options, facts, { span });
    for (const change of changes) for (const decision of decide(change, facts)) round.take(change, decision);
    round.end();
  }

  /** Whether a change is to be left alone because what it sets off brings it back. */
  #comesBack(change: FileChange, decisions: readonly Decision[], facts: Facts): boolean {
    if (!decisions.some(actsOnProcesses)) return false;
    const { effects, selfTriggers } = this.#options;
    const name = shownPath(facts.project.directory, change.path);
    const verdict = selfTriggers.changed({ name, path: change.path }, effects.clock.now());
    if (verdict === "stop-and-tell") {
      effects.emit({
        type: "warning",
        message: `${name} changes again and again because of what its change sets off (${decisions.map(decisionWords).join(", ")}): it is left alone`,
        hint: `keep what writes it from doing so, or add a rule to dev.watch: { path: ${name}, action: none }`,
      });
    }
    return verdict !== "act";
  }

  /** A path as the user knows it. */
  shown(path: string, facts: Facts): string {
    return shownPath(facts.project.directory, path);
  }
}

/** Whether a decision makes programs run anew, which may write files. */
function actsOnProcesses(decision: Decision): boolean {
  switch (decision.kind) {
    case "sync":
      return decision.restart;
    case "live":
    case "ignore":
    case "unknown":
      return false;
    default:
      return true;
  }
}

/** When the changes of a batch were noticed, and what they are as a whole. */
export interface NamedBatch {
  readonly span: Span;
  readonly branch?: BranchSwitch | undefined;
}

/** The decisions of one batch. */
class Round {
  readonly #options: DispatchOptions;
  readonly #facts: Facts;
  readonly #span: Span;
  readonly #branch: BranchSwitch | undefined;
  readonly #told: WatchedChange[] = [];
  readonly #work = { reload: false, images: new Set<string>(), services: new Set<string>(), files: new Set<string>() };
  readonly #live = { services: new Set<string>(), files: new Set<string>() };

  constructor(options: DispatchOptions, facts: Facts, { span, branch }: NamedBatch) {
    this.#options = options;
    this.#facts = facts;
    this.#span = span;
    this.#branch = branch;
  }

  take(change: FileChange, decision: Decision): void {
    const file = shownPath(this.#facts.project.directory, change.path);
    this.#told.push({ path: file, decision: decisionWords(decision), reason: decision.why });
    switch (decision.kind) {
      case "reload":
        this.#work.reload = true;
        this.#work.files.add(file);
        return;
      case "rebuild":
        this.#rebuild(decision.image, decision.services, file);
        return;
      case "unknown":
        this.#rebuild(decision.image, [], file);
        return;
      case "live":
        this.#live.services.add(decision.service);
        this.#live.files.add(file);
        break;
      case "ignore":
        return;
      case "sync":
      case "restart":
      case "signal":
      case "exec":
        this.#options.inPlace.add(decision, file, this.#span.first);
        break;
      default:
        unreachable(decision);
    }
    // After a failure every edit of what matters is a reason to try again: it may be the one that mends it.
    if (this.#facts.behind) this.#work.files.add(file);
  }

  end(): void {
    const { effects, inPlace, runs } = this.#options;
    if (this.#told.length > 0) {
      effects.emit({
        type: "watch-change",
        changes: this.#told.slice(0, TOLD),
        files: new Set(this.#told.map(({ path }) => path)).size,
        ...(this.#branch ? { branch: this.#branch } : {}),
      });
    }
    inPlace.start();
    const { reload, images, services, files } = this.#work;
    if (files.size > 0)
      runs.edit({ reload, images: [...images], services: [...services], files: [...files] }, this.#span);
    if (this.#live.files.size === 0) return;
    effects.emit({
      type: "watch-action",
      action: "live",
      services: [...this.#live.services],
      files: [...this.#live.files],
      durationMs: effects.clock.now() - this.#span.first,
      ok: true,
    });
  }

  #rebuild(image: string, services: readonly string[], file: string): void {
    this.#work.images.add(image);
    for (const service of services) this.#work.services.add(service);
    this.#work.files.add(file);
  }
}
