import { dueAt, joined, SETTLED, type Span } from "./batch.ts";

/** What a run that makes the engine match is for. */
export interface Work {
  /** The project file or a file it reads has changed. */
  readonly reload: boolean;
  /** Images whose inputs changed. */
  readonly images: readonly string[];
  /** Services that run them. */
  readonly services: readonly string[];
  /** Changed files that ask for it, to name them; relative to the project. */
  readonly files: readonly string[];
}

/**
 * Where the one lane of runs stands. A run reads the project and the inputs when it starts, so it takes in whatever
 * was saved before.
 *
 * ```
 *            edit                    quiet: start
 *   idle ───────────▶ settling ─────────────────────▶ running ◀─┐ edit: remembered
 *    ▲                ▲  ▲ └─ edit                     │  │  └──┘
 *    │                │  └─────── ended, edits since ──┤  │ edit that outdates its build,
 *    │                │                                │  ▼ at most twice in a row: cancel
 *    │                └─────── ended ──────── cancelling
 *    └──────── ended, no edits since ──────────────────┘
 * ```
 */
export type Lane =
  | { readonly kind: "idle" }
  | { readonly kind: "settling"; readonly work: Work; readonly span: Span; readonly cancelled: number }
  | {
      readonly kind: "running" | "cancelling";
      readonly work: Work;
      /** When the first of the edits that it is for was noticed. */
      readonly since: number;
      /** What came since it started. */
      readonly next?: { readonly work: Work; readonly span: Span };
      /** How many runs in a row were cut off before this one. */
      readonly cancelled: number;
    };

export type LaneEvent =
  /** `building` are the images that are being built at this moment. */
  | { readonly kind: "edit"; readonly work: Work; readonly span: Span; readonly building: ReadonlySet<string> }
  | { readonly kind: "due" }
  | { readonly kind: "ended" };

/** What is to be done after a step. */
export type LaneEffect = "none" | "start" | "cancel";

/** How many runs in a row may be cut off by edits; the next one is let through, or constant saving would starve it. */
const CANCELS_IN_A_ROW = 2;

/** The lane after an event. */
export function step(lane: Lane, event: LaneEvent): { readonly lane: Lane; readonly effect: LaneEffect } {
  switch (event.kind) {
    case "edit":
      return edit(lane, event);
    case "due":
      if (lane.kind !== "settling") return { lane, effect: "none" };
      return {
        lane: { kind: "running", work: lane.work, since: lane.span.first, cancelled: lane.cancelled },
        effect: "start",
      };
    case "ended":
      return { lane: ended(lane), effect: "none" };
  }
}

/** When a settling lane is to start; undefined in any other state. */
export function laneDueAt(lane: Lane): number | undefined {
  return lane.kind === "settling" ? dueAt(lane.span, SETTLED) : undefined;
}

function edit(
  lane: Lane,
  event: Extract<LaneEvent, { kind: "edit" }>,
): { readonly lane: Lane; readonly effect: LaneEffect } {
  const { work, span } = event;
  switch (lane.kind) {
    case "idle":
      return { lane: { kind: "settling", work, span, cancelled: 0 }, effect: "none" };
    case "settling":
      return { lane: { ...lane, work: both(lane.work, work), span: joined(lane.span, span) }, effect: "none" };
    case "running":
    case "cancelling": {
      const next = lane.next
        ? { work: both(lane.next.work, work), span: joined(lane.next.span, span) }
        : { work, span };
      const cancel = lane.kind === "running" && lane.cancelled < CANCELS_IN_A_ROW && outdates(work, event.building);
      return { lane: { ...lane, next, ...(cancel ? { kind: "cancelling" } : {}) }, effect: cancel ? "cancel" : "none" };
    }
  }
}

function ended(lane: Lane): Lane {
  if (lane.kind !== "running" && lane.kind !== "cancelling")
    throw new Error(`a run ended in a lane that is ${lane.kind}`);
  const { next } = lane;
  if (!next) return { kind: "idle" };
  if (lane.kind === "running") return { kind: "settling", ...next, cancelled: 0 };
  return { kind: "settling", work: both(lane.work, next.work), span: next.span, cancelled: lane.cancelled + 1 };
}

/** A new project file may want another build; new inputs do where their image is being built. */
function outdates(work: Work, building: ReadonlySet<string>): boolean {
  return building.size > 0 && (work.reload || work.images.some((image) => building.has(image)));
}

function both(a: Work, b: Work): Work {
  return {
    reload: a.reload || b.reload,
    images: [...new Set([...a.images, ...b.images])],
    services: [...new Set([...a.services, ...b.services])],
    files: [...new Set([...a.files, ...b.files])],
  };
}
