import fc from "fast-check";
import { expect, test } from "vitest";
import { type Lane, laneDueAt, type LaneEvent, step, type Work } from "../../src/watch/lane.ts";

const work = (image: string, more: Partial<Work> = {}): Work => ({
  reload: false,
  images: [image],
  services: [],
  files: [image],
  ...more,
});
const edit = (what: Work, at: number, building: readonly string[] = []): LaneEvent => ({
  kind: "edit",
  work: what,
  span: { first: at, last: at },
  building: new Set(building),
});

/** Takes steps and gives the lane after them and what each asked for. */
function walk(
  events: readonly LaneEvent[],
  from: Lane = { kind: "idle" },
): { readonly lane: Lane; readonly effects: readonly string[] } {
  const effects: string[] = [];
  let lane = from;
  for (const event of events) {
    const next = step(lane, event);
    lane = next.lane;
    effects.push(next.effect);
  }
  return { lane, effects };
}

test("an edit settles and then starts a run for all that was edited meanwhile", () => {
  const { lane, effects } = walk([edit(work("a"), 0), edit(work("b"), 100), { kind: "due" }]);
  expect(effects).toEqual(["none", "none", "start"]);
  expect(lane).toMatchObject({ kind: "running", work: { images: ["a", "b"], files: ["a", "b"] }, since: 0 });
  expect(laneDueAt(walk([edit(work("a"), 0), edit(work("b"), 100)]).lane)).toBe(250);
});

test("an edit of another image waits for the run to end, and one more run follows for all of them", () => {
  const { lane, effects } = walk([
    edit(work("a"), 0),
    { kind: "due" },
    edit(work("b"), 500, ["a"]),
    edit(work("c"), 600, ["a"]),
  ]);
  expect(effects).toEqual(["none", "start", "none", "none"]);
  expect(step(lane, { kind: "ended" }).lane).toMatchObject({
    kind: "settling",
    work: { images: ["b", "c"] },
    cancelled: 0,
  });
});

test("an edit that outdates a running build cuts it off, at most twice in a row", () => {
  const round = (at: number): readonly LaneEvent[] => [edit(work("a"), at, ["a"]), { kind: "ended" }, { kind: "due" }];
  const { lane, effects } = walk([
    edit(work("a"), 0),
    { kind: "due" },
    ...round(1),
    ...round(2),
    ...round(3),
    ...round(4),
  ]);
  expect(effects.filter((effect) => effect === "cancel")).toHaveLength(3);
  expect(effects).toEqual([
    "none",
    "start",
    "cancel",
    "none",
    "start",
    "cancel",
    "none",
    "start",
    "none",
    "none",
    "start",
    "cancel",
    "none",
    "start",
  ]);
  expect(lane.kind).toBe("running");
});

test("a run is cut off once, and its work is part of the next one", () => {
  const { lane, effects } = walk([
    edit(work("a"), 0),
    { kind: "due" },
    edit(work("a", { files: ["x"] }), 1, ["a"]),
    edit(work("a", { files: ["y"] }), 2, ["a"]),
  ]);
  expect(effects).toEqual(["none", "start", "cancel", "none"]);
  expect(step(lane, { kind: "ended" }).lane).toMatchObject({
    kind: "settling",
    work: { files: ["a", "x", "y"] },
    cancelled: 1,
  });
});

test("a change of the project file outdates any build, and nothing when nothing is being built", () => {
  const reload = work("", { images: [], reload: true });
  expect(walk([edit(work("a"), 0), { kind: "due" }, edit(reload, 1, ["z"])]).effects.at(-1)).toBe("cancel");
  expect(walk([edit(work("a"), 0), { kind: "due" }, edit(reload, 1)]).effects.at(-1)).toBe("none");
});

test("whatever comes, no edit is forgotten and never two runs are under way", () => {
  const image = fc.constantFrom("a", "b");
  const event = fc.oneof(
    fc.record({ kind: fc.constant("edit" as const), image, building: fc.array(image) }),
    fc.record({ kind: fc.constantFrom("due" as const, "ended" as const) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let lane: Lane = { kind: "idle" };
      const open = new Set<string>();
      let cancelledInARow = 0;
      for (const [index, next] of events.entries()) {
        const isRunning = lane.kind === "running" || lane.kind === "cancelling";
        if (next.kind === "ended" && !isRunning) continue;
        if (next.kind === "ended" && lane.kind === "running") for (const file of lane.work.files) open.delete(file);
        if (next.kind === "edit") open.add(`${index}`);
        const event: LaneEvent =
          next.kind === "edit"
            ? edit(work(next.image, { files: [`${index}`] }), index, next.building)
            : { kind: next.kind };
        const { lane: after, effect } = step(lane, event);
        if (effect === "start") expect(isRunning).toBe(false);
        if (effect === "cancel") cancelledInARow += 1;
        if (next.kind === "ended" && lane.kind === "running") cancelledInARow = 0;
        expect(cancelledInARow).toBeLessThanOrEqual(2);
        lane = after;
        const remembered =
          lane.kind === "idle"
            ? []
            : [...lane.work.files, ...("next" in lane && lane.next ? lane.next.work.files : [])];
        expect(new Set(remembered)).toEqual(open);
      }
    }),
  );
});
