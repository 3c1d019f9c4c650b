import { describe, expect, test } from "vitest";
import { DockError } from "../../src/error.ts";
import type { Event } from "../../src/event.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { liveLines, widestTarget } from "../../src/ui/live-lines.ts";
import { styleWith } from "../../src/ui/style.ts";
import { PlanProgress } from "../../src/ui/target-progress.ts";
import { displayWidth } from "../../src/ui/width.ts";
import { action, build, creation, planOf } from "./plan-builder.ts";

const style = styleWith({ color: false });

/** The display of a plan after events, each at its time in milliseconds. */
function display(plan: Plan, events: readonly (readonly [number, Event])[], of: { now?: number; width?: number } = {}) {
  const progress = new PlanProgress(plan);
  for (const [at, event] of events) progress.take(event, at);
  const now = of.now ?? events.at(-1)?.[0] ?? 0;
  const targetWidth = widestTarget(progress.targets);
  const lines = progress.targets.flatMap((target) =>
    liveLines(target, { now, targetWidth, width: of.width ?? 77, tick: 0, style }),
  );
  return { lines, progress };
}

const started = (id: string): Event => ({ type: "action-started", id });
const done = (id: string, note?: string): Event => ({
  type: "action-done",
  id,
  durationMs: 1,
  ...(note === undefined ? {} : { note }),
});

describe("liveLines", () => {
  test("what waits, runs and is done, with the time it takes", () => {
    const plan = planOf([build("web"), ...creation("web", "healthy"), ...creation("db")]);
    const { lines } = display(
      plan,
      [
        [0, started("image.build image:web")],
        [100, started("container.create service:db/1")],
        [200, done("container.create service:db/1")],
        [200, started("container.start service:db/1")],
        [300, done("container.start service:db/1")],
        [300, started("container.wait service:db/1")],
        [700, done("container.wait service:db/1")],
      ],
      { now: 12_340 },
    );
    expect(lines).toEqual([
      "⠋ image:web      building      12.3 s",
      "◌ service:web/1  waiting     ",
      "✔ service:db/1   created        0.6 s",
    ]);
  });

  test("a build's running steps keep their time in view, with bytes moved and the last line printed", () => {
    const step = (id: string, name: string, state: "running" | "done"): Event => ({
      type: "build-step",
      image: "web",
      step: id,
      name,
      state,
    });
    const plan = planOf([build("web")]);
    const events: readonly (readonly [number, Event])[] = [
      [0, started("image.build image:web")],
      [0, step("1", "[1/4] FROM node", "running")],
      [500, step("1", "[1/4] FROM node", "done")],
      [1000, step("2", `[2/4] RUN ${"long ".repeat(30)}`, "running")],
      [1000, step("3", "[3/4] ADD https://x", "running")],
      [1500, { type: "build-log", image: "web", step: "2", text: "\x1b[32mcc\x1b[0m\t-c a.c\r\n" }],
      [2000, { type: "build-progress", image: "web", step: "3", what: "x", current: 200_000, total: 1_000_000 }],
      [3000, { type: "build-log", image: "other", step: "2", text: "not of this build" }],
    ];
    const { lines } = display(plan, events, { now: 5000, width: 60 });
    expect(lines).toEqual([
      "⠋ image:web  building       5.0 s",
      "› [2/4] RUN long long long long long long long lon…  4.0 s",
      "› [3/4] ADD https://x  200 kB / 1 MB  4.0 s",
      "  cc -c a.c",
    ]);
  });

  test("how it ended: failed, left out, unneeded, ready", () => {
    const plan = planOf([build("a"), build("b"), build("c"), ...creation("web", "healthy")]);
    const error = new DockError("build-failed", "exit code 2\nmore");
    const ids = creation("web").map(({ id }) => id);
    const { lines } = display(plan, [
      [0, started("image.build image:a")],
      [900, { type: "action-failed", id: "image.build image:a", durationMs: 900, error }],
      [900, { type: "action-skipped", id: "image.build image:b", because: "image:a failed" }],
      [900, { type: "action-unneeded", id: "image.build image:c", note: "it came out the same" }],
      ...ids.flatMap((id): [number, Event][] => [
        [1000, started(id)],
        [3000, done(id)],
      ]),
    ]);
    expect(lines).toEqual([
      "✖ image:a        failed         0.9 s  exit code 2",
      "◌ image:b        not done              image:a failed",
      "✔ image:c        unchanged             it came out the same",
      "✔ service:web/1  created        2.0 s  healthy",
    ]);
  });

  test("a pull shows what it fetches", () => {
    const pull = action("image:redis", { kind: "image.pull", ref: "redis:7" });
    const { lines } = display(planOf([pull]), [
      [0, started(pull.id)],
      [100, { type: "pull-progress", ref: "redis:7", what: "3 MB / 18 MB" }],
    ]);
    expect(lines).toEqual(["⠋ image:redis  pulling        0.1 s", "3 MB / 18 MB"]);
  });

  test("no line is wider than the frame, however long names and remarks are", () => {
    const name = "a".repeat(200);
    const { lines } = display(
      planOf([build(name)]),
      [
        [0, started(`image.build image:${name}`)],
        [0, { type: "build-step", image: name, step: "1", name: "x".repeat(300), state: "running" }],
        [1, { type: "build-log", image: name, step: "1", text: "你".repeat(300) }],
      ],
      { width: 47 },
    );
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(47);
  });
});

describe("PlanProgress", () => {
  test("has ended when every action has, and what was abandoned says so", () => {
    const { progress } = display(planOf([build("a"), ...creation("web")]), [
      [0, started("image.build image:a")],
      [5, done("image.build image:a")],
      [5, started("container.create service:web/1")],
    ]);
    expect(progress.isEnded).toBe(false);
    progress.abandon(10);
    expect(progress.isEnded).toBe(true);
    expect(progress.targets.map(({ state, remark }) => [state, remark])).toEqual([
      ["done", undefined],
      ["skipped", "interrupted"],
    ]);
  });

  test("events of other plans are ignored", () => {
    const { progress } = display(planOf([build("a")]), [[0, started("image.build image:b")]]);
    expect(progress.targets[0]?.state).toBe("waiting");
    expect(progress.has("image.build image:b")).toBe(false);
  });
});
