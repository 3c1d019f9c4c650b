import type { Hint } from "./hint.ts";
import type { Look } from "./snapshot.ts";

/** How long a place has to be quiet before something is done about it; under churn it is done after the longest wait. */
export interface Quiet {
  readonly quietMs: number;
  readonly longestMs: number;
}

/** For what is done in a container that runs (spec §4). */
export const SOON: Quiet = { quietMs: 60, longestMs: 1000 };

/** For builds and for what the project file asks. */
export const SETTLED: Quiet = { quietMs: 150, longestMs: 1000 };

/** Times of the first and the latest hint that belong together, in milliseconds of one clock. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** When a span has been quiet for long enough, or has waited for long enough. */
export function dueAt(span: Span, quiet: Quiet): number {
  return Math.min(span.last + quiet.quietMs, span.first + quiet.longestMs);
}

/** The span from the earlier first to the later last. */
export function joined(a: Span, b: Span): Span {
  return { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

/** Hints from which on a batch looks at everything: the kernel's queue may have run over. */
const BURST = 500;

/** Hints since the last look, in one batch. */
export interface Batch {
  readonly span: Span;
  readonly look: Look;
  /** Why everything is looked at, where an event was not the reason. */
  readonly because?: string;
}

/** Collects hints until they are due. Knows no time but what it is told. */
export class Gathering {
  readonly #paths = new Set<string>();
  #events = 0;
  #everything: string | undefined;
  #span: Span | undefined;

  add(hint: Hint, now: number): void {
    this.#span = this.#span ? { first: this.#span.first, last: now } : { first: now, last: now };
    this.#events += 1;
    if (hint.kind === "everything") this.#everything ??= hint.because;
    else if (this.#events > BURST) this.#everything ??= `more than ${BURST} events at once`;
    if (this.#everything === undefined && hint.kind === "path") this.#paths.add(hint.path);
  }

  /** When the hints are to be taken; undefined while there are none. */
  get dueAt(): number | undefined {
    return this.#span && dueAt(this.#span, SOON);
  }

  /** The hints so far, and begins anew; undefined when there are none. */
  take(): Batch | undefined {
    const span = this.#span;
    if (!span) return undefined;
    const because = this.#everything;
    const batch: Batch =
      because === undefined
        ? { span, look: { kind: "paths", paths: new Set(this.#paths) } }
        : { span, look: { kind: "everything" }, because };
    this.#paths.clear();
    this.#events = 0;
    this.#everything = undefined;
    this.#span = undefined;
    return batch;
  }
}
