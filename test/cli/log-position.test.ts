import fc from "fast-check";
import { expect, test } from "vitest";
import { LogPosition } from "../../src/cli/log-position.ts";

interface Line {
  readonly stream: "stdout" | "stderr";
  readonly at: string;
  readonly text: number;
}

const at = (ticks: number): string => `1700000000.${String(ticks).padStart(9, "0")}`;

/** A log as an engine keeps it: of each stream in the order of its times, several lines often of one time. */
const log = fc
  .array(
    fc.record({ stream: fc.constantFrom("stdout" as const, "stderr" as const), step: fc.integer({ min: 0, max: 2 }) }),
  )
  .map((steps) => {
    const clock = { stdout: 0, stderr: 0 };
    return steps.map(({ stream, step }, text): Line => {
      clock[stream] += step;
      return { stream, at: at(clock[stream]), text };
    });
  });

/** What the engine gives when it is asked for lines since a time. */
function since(lines: readonly Line[], time: string | undefined): readonly Line[] {
  return lines.filter((line) => time === undefined || line.at >= time);
}

test("however often reading breaks off, each line is news exactly once", () => {
  fc.assert(
    fc.property(log, fc.array(fc.nat(40)), (lines, cuts) => {
      const position = new LogPosition();
      const news: number[] = [];
      for (const cut of [...cuts, lines.length]) {
        position.rewind();
        // The log has grown to `cut` lines by now, and all that is asked for is read.
        for (const line of since(lines.slice(0, cut), position.since)) if (position.admit(line)) news.push(line.text);
      }
      expect(news.toSorted((a, b) => a - b)).toEqual(lines.map(({ text }) => text));
    }),
  );
});

test("a clock that is set back while reading goes on hides nothing", () => {
  const position = new LogPosition();
  expect(position.admit({ stream: "stdout", at: at(5) })).toBe(true);
  expect(position.admit({ stream: "stdout", at: at(3) })).toBe(true);
});

test("a stream that has been silent for long does not bring all of the other one back", () => {
  const position = new LogPosition();
  position.admit({ stream: "stderr", at: "1700000000.000000001" });
  position.admit({ stream: "stdout", at: "1700003600.000000005" });
  expect(position.since).toBe("1700003598.000000005");
});

test("nothing from before the beginning that was asked for is read", () => {
  const position = new LogPosition();
  expect(position.since).toBeUndefined();
  position.begin("1700000100.5");
  expect(position.since).toBe("1700000100.500000000");
  position.admit({ stream: "stdout", at: "1700000101.000000000" });
  expect(position.since).toBe("1700000100.500000000");
  position.admit({ stream: "stderr", at: "1700000107.000000000" });
  expect(position.since).toBe("1700000105.000000000");
});
