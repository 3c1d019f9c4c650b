import { expect, test } from "vitest";
import type { BuildEvent } from "../../../src/engine/buildkit/build-event.ts";
import { Progress } from "../../../src/engine/buildkit/progress.ts";
import { statusMessage, type StatusData } from "./status-messages.ts";

const START = 1_763_881_200_000;

function follow(...messages: readonly StatusData[]): { events: BuildEvent[]; progress: Progress } {
  const events: BuildEvent[] = [];
  const progress = new Progress((event) => events.push(event));
  for (const message of messages) progress.accept(statusMessage(message));
  return { events, progress };
}

/** Events in one line each. */
function lines(events: readonly BuildEvent[]): string[] {
  return events.map((event) => {
    switch (event.type) {
      case "step":
        return [`${event.name} ${event.state}`, event.durationMs, event.error]
          .filter((part) => part !== undefined)
          .join(" ");
      case "log":
        return `${event.id} ${event.stream}: ${event.text}`;
      case "progress":
        return `${event.what} ${event.current}/${event.total}`;
      case "warning":
        return event.message;
      case "over":
        return "over";
    }
  });
}

test("a step starts, writes and ends, in this order also when one message tells it all", () => {
  const run = { digest: "a", name: "[1/1] RUN make" };
  const logs = [{ vertex: "a", stream: 1, text: "hi\n" }] as const;
  const expected = ["[1/1] RUN make started", "a stdout: hi", "[1/1] RUN make done 1500"];
  const apart = follow(
    { vertexes: [run] },
    { vertexes: [{ ...run, started: START }] },
    { logs },
    { vertexes: [{ ...run, started: START, completed: START + 1500 }] },
  );
  expect(lines(apart.events)).toEqual(expected);
  const together = follow({ vertexes: [{ ...run, started: START, completed: START + 1500 }], logs });
  expect(lines(together.events)).toEqual(expected);
});

test("a cached step only ends", () => {
  const vertex = { digest: "a", name: "RUN make", cached: true, started: START, completed: START };
  expect(lines(follow({ vertexes: [vertex] }, { vertexes: [vertex] }).events)).toEqual(["RUN make cached 0"]);
});

test("a step that runs twice tells the time of both runs, and nothing twice", () => {
  const first = { digest: "a", name: "load", started: START };
  const second = { digest: "a", name: "load", started: START + 100 };
  const { events } = follow(
    { vertexes: [first] },
    { vertexes: [{ ...first, completed: START + 10 }] },
    { vertexes: [{ ...first, completed: START + 10 }] },
    { vertexes: [second] },
    { vertexes: [second] },
    { vertexes: [{ ...second, completed: START + 130 }] },
  );
  expect(lines(events)).toEqual(["load started", "load done 10", "load started", "load done 40"]);
});

test("lines are put together per step and stream, over characters that were cut", () => {
  const snow = Buffer.from("sn\u{2603}w\n");
  const { events, progress } = follow(
    { vertexes: [{ digest: "a", name: "A" }] },
    { logs: [{ vertex: "a", stream: 1, text: snow.subarray(0, 4) }] },
    { logs: [{ vertex: "a", stream: 2, text: "err" }] },
    { logs: [{ vertex: "b", stream: 1, text: "other\r\nstep\n\n" }] },
    {
      logs: [{ vertex: "a", stream: 1, text: Buffer.concat([snow.subarray(4), Buffer.from("10%\r20%\rdone\nrest")]) }],
    },
  );
  expect(lines(events)).toEqual([
    "b stdout: other",
    "b stdout: step",
    "b stdout: ",
    "a stdout: sn\u{2603}w",
    "a stdout: done",
  ]);
  events.length = 0;
  progress.flush();
  progress.flush();
  expect(lines(events)).toEqual(["a stdout: rest", "a stderr: err"]);
});

test("what a step wrote without a line end comes before its end", () => {
  const run = { digest: "a", name: "RUN", started: START };
  const { events } = follow(
    { vertexes: [run], logs: [{ vertex: "a", stream: 1, text: "no newline" }] },
    { vertexes: [{ ...run, completed: START + 1 }] },
  );
  expect(lines(events)).toEqual(["RUN started", "a stdout: no newline", "RUN done 1"]);
});

test("a line without end does not grow for ever", () => {
  const logs = [{ vertex: "a", stream: 1, text: "x".repeat(40_000) }] as const;
  const { events } = follow({ logs }, { logs });
  expect(events).toMatchObject([{ type: "log", text: "x".repeat(80_000) }]);
});

test("a transfer is told when it has moved", () => {
  const at = (current: number) => ({ statuses: [{ vertex: "a", id: "transferring context:", current, total: 9 }] });
  expect(lines(follow(at(0), at(5), at(5), at(9)).events)).toEqual([
    "transferring context: 0/9",
    "transferring context: 5/9",
    "transferring context: 9/9",
  ]);
});

test("a failed step keeps its last 20 lines, a canceled one is no failure", () => {
  const text = Array.from({ length: 50 }, (_, index) => `line ${index + 1}\n`).join("");
  const { events, progress } = follow(
    { vertexes: [{ digest: "b", name: "[b] RUN b", started: START }] },
    { vertexes: [{ digest: "a", name: "[a] RUN a", started: START }], logs: [{ vertex: "a", stream: 1, text }] },
    {
      vertexes: [
        { digest: "b", name: "[b] RUN b", started: START, completed: START + 1, error: "foo: context canceled" },
      ],
    },
    { vertexes: [{ digest: "a", name: "[a] RUN a", started: START, completed: START + 2, error: "exit code: 3" }] },
  );
  expect(lines(events).slice(-2)).toEqual([
    "[b] RUN b canceled 1 foo: context canceled",
    "[a] RUN a failed 2 exit code: 3",
  ]);
  expect(progress.failed(undefined)).toMatchObject({ name: "[a] RUN a", error: "exit code: 3" });
  expect(progress.failed("a")?.lastLines).toEqual(Array.from({ length: 20 }, (_, index) => `line ${index + 31}`));
  expect(progress.failed("unknown")?.name).toBe("[a] RUN a");
});

test("an error message is kept although the engine gives much of stdout after it", () => {
  const chatter = Array.from({ length: 50 }, (_, index) => `line ${index + 1}\n`).join("");
  const old = Array.from({ length: 50 }, (_, index) => `old ${index + 1}\n`).join("");
  const { progress } = follow(
    { logs: [{ vertex: "a", stream: 2, text: old }] },
    { logs: [{ vertex: "a", stream: 2, text: "oops\n" }] },
    { logs: [{ vertex: "a", stream: 1, text: chatter }] },
  );
  expect(progress.failed("a")?.lastLines).toEqual([
    ..."old 47|old 48|old 49|old 50|oops".split("|"),
    ...Array.from({ length: 15 }, (_, index) => `line ${index + 36}`),
  ]);
});

test("a warning is told once, with its place", () => {
  const warnings = [{ vertex: "a", short: "FromAsCasing", file: "Dockerfile", lines: [2, 3] }] as const;
  const { events } = follow({ warnings }, { warnings }, { warnings: [{ vertex: "a", short: "other" }] });
  expect(events).toEqual([
    {
      type: "warning",
      id: "a",
      message: "FromAsCasing",
      detail: ["why"],
      url: "https://example.test/rule",
      file: "Dockerfile",
      lines: { first: 2, last: 3 },
    },
    { type: "warning", id: "a", message: "other", detail: ["why"], url: "https://example.test/rule" },
  ]);
});
