import type { DockError } from "./error.ts";
import type { Plan } from "./plan/plan.ts";

/**
 * Everything that a renderer may be told while a plan is carried out or files are watched.
 * Producers emit synchronously; renderers keep their own state.
 */
export type Event =
  | { readonly type: "plan"; readonly plan: Plan }
  | { readonly type: "action-started"; readonly id: string }
  | { readonly type: "action-done"; readonly id: string; readonly durationMs: number; readonly note?: string }
  /** Not carried out because its condition did not hold: the image came out identical. */
  | { readonly type: "action-unneeded"; readonly id: string; readonly note: string }
  | { readonly type: "action-failed"; readonly id: string; readonly durationMs: number; readonly error: DockError }
  /** Not started because of a failure before it or an interruption. */
  | { readonly type: "action-skipped"; readonly id: string; readonly because: string }
  | BuildStepEvent
  | { readonly type: "build-log"; readonly image: string; readonly step: string; readonly text: string }
  | {
      readonly type: "build-progress";
      readonly image: string;
      readonly step: string;
      readonly what: string;
      readonly current: number;
      readonly total: number;
    }
  | { readonly type: "build-warning"; readonly image: string; readonly message: string; readonly line?: number }
  | { readonly type: "pull-progress"; readonly ref: string; readonly what: string }
  | { readonly type: "notice"; readonly message: string }
  | { readonly type: "warning"; readonly message: string; readonly hint?: string }
  | WatchEvent;

/** A step of an image's build: a Dockerfile instruction or one of the builder's own. */
export interface BuildStepEvent {
  readonly type: "build-step";
  readonly image: string;
  /** Stable within the build. */
  readonly step: string;
  /** As BuildKit names it: `[2/4] RUN npm install`. */
  readonly name: string;
  readonly state: "running" | "cached" | "done" | "failed";
  readonly durationMs?: number;
}

/** What the watch loop has to say. */
export type WatchEvent =
  | { readonly type: "watch-ready"; readonly roots: readonly string[]; readonly files: number }
  | {
      readonly type: "watch-change";
      /** The first of them. */
      readonly changes: readonly WatchedChange[];
      /** How many files changed in all. */
      readonly files: number;
      /** The batch is a switch of branches. */
      readonly branch?: { readonly from: string; readonly to: string };
    }
  | {
      readonly type: "watch-action";
      readonly action: string;
      readonly services: readonly string[];
      readonly files: readonly string[];
      readonly durationMs: number;
      readonly ok: boolean;
      readonly message?: string;
      /** What went wrong, in the form that JSON output gives errors. */
      readonly error?: Readonly<Record<string, unknown>>;
    };

/** A file whose content changed, and what was decided about it. */
export interface WatchedChange {
  /** Relative to the project file. */
  readonly path: string;
  readonly decision: string;
  readonly reason: string;
}

/** Takes an event; must neither throw nor wait. */
export type Emit = (event: Event) => void;
