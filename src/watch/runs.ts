import { DockError, type ErrorCode } from "../error.ts";
import type { Project } from "../project/model.ts";
import type { Span } from "./batch.ts";
import type { Applied, Effects, WatchAction } from "./effects.ts";
import { type Lane, laneDueAt, type LaneEvent, step, type Work } from "./lane.ts";

/** How a run ended. `project` is the one that it was for: read anew, where that was asked and succeeded. */
export type Outcome =
  | { readonly kind: "applied"; readonly project: Project; readonly applied: Applied }
  | { readonly kind: "failed"; readonly project: Project; readonly code: ErrorCode }
  | { readonly kind: "cancelled"; readonly project: Project };

/** What runs need of the rest. */
export interface RunsOptions {
  readonly effects: Effects;
  readonly project: () => Project;
  readonly signal: AbortSignal;
  /** Told of every end but that by the signal; must not throw. */
  readonly ended: (outcome: Outcome) => void;
  /** Told when a defect, or at the very first run something that no edit mends, ended it. */
  readonly broken: (error: unknown) => void;
}

/** What an edit can mend: with these the first run's failure is no reason to give up. */
const MENDABLE: ReadonlySet<ErrorCode> = new Set(["build-failed", "not-ready", "operation-failed"]);

const NO_WORK: Work = { reload: false, images: [], services: [], files: [] };

/** Carries out runs, one at a time, in the lane that decides when. */
export class Runs {
  readonly #options: RunsOptions;
  #lane: Lane = { kind: "idle" };
  #controller = new AbortController();
  #running: Promise<void> | undefined;
  /** The project file could not be read: what is wanted is not known until it can. */
  #unread = false;
  #first = true;

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /** Begins the first run. */
  begin(): void {
    this.#lane = { kind: "running", work: NO_WORK, since: this.#options.effects.clock.now(), cancelled: 0 };
    this.#running = this.#run(NO_WORK);
  }

  get dueAt(): number | undefined {
    return laneDueAt(this.#lane);
  }

  /** Asks for a run because of edits. */
  edit(work: Partial<Work>, span: Span): void {
    const building = this.#options.effects.building();
    this.#step({ kind: "edit", work: { ...NO_WORK, ...work }, span, building });
  }

  /** Tells that what is settling has been quiet for long enough. */
  due(): void {
    this.#step({ kind: "due" });
  }

  /** Resolves when no run is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #step(event: LaneEvent): void {
    const { lane, effect } = step(this.#lane, event);
    this.#lane = lane;
    if (effect === "cancel") this.#controller.abort(new DockError("interrupted", "newer edits"));
    if (effect === "start" && lane.kind === "running") this.#running = this.#run(lane.work);
  }

  async #run(work: Work): Promise<void> {
    this.#controller = new AbortController();
    try {
      const outcome = await this.#carryOut(work);
      this.#first = false;
      this.#step({ kind: "ended" });
      this.#options.ended(outcome);
    } catch (error) {
      this.#options.broken(error);
    }
  }

  async #carryOut(work: Work): Promise<Outcome> {
    const { effects, signal } = this.#options;
    const until = AbortSignal.any([signal, this.#controller.signal]);
    let project = this.#options.project();
    try {
      if (work.reload) {
        this.#unread = true;
        project = await effects.reload(until);
        this.#unread = false;
      }
      if (this.#unread) return this.#waiting(work, project);
      const applied = await effects.converge(project, until);
      if (work.files.length > 0)
        effects.emit(this.#event(work, { ok: true, ...(applied.actions === 0 ? { message: "nothing to do" } : {}) }));
      return { kind: "applied", project, applied };
    } catch (error) {
      signal.throwIfAborted();
      if (this.#lane.kind === "cancelling") {
        effects.emit({ type: "notice", message: "newer edits: building again" });
        return { kind: "cancelled", project };
      }
      if (!(error instanceof DockError) || (this.#first && !MENDABLE.has(error.code))) throw error;
      effects.failed(this.#event(work, { ok: false, message: error.message }), error);
      return { kind: "failed", project, code: error.code };
    }
  }

  /** What the file wants is not known, so nothing is touched; what was saved is part of the run that its mending brings. */
  #waiting(work: Work, project: Project): Outcome {
    if (work.images.length > 0) {
      this.#options.effects.emit({
        type: "notice",
        message: `${work.files.join(", ")}: waiting until the project file has no mistakes`,
      });
    }
    return { kind: "failed", project, code: "invalid-project" };
  }

  #event(work: Work, result: { readonly ok: boolean; readonly message?: string }): WatchAction {
    const since = "since" in this.#lane ? this.#lane.since : 0;
    return {
      type: "watch-action",
      action: work.reload ? "reload" : work.images.length > 0 ? "rebuild" : "up",
      services: work.services,
      files: work.files,
      durationMs: this.#options.effects.clock.now() - since,
      ...result,
    };
  }
}
