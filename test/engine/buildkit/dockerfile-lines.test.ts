import { expect, test } from "vitest";
import { errorLines } from "../../../src/engine/buildkit/dockerfile-lines.ts";

const DOCKERFILE = [
  "# syntax note",
  "FROM busybox AS one",
  "RUN make \\",
  "  # why",
  "",
  "  all \\  ",
  "  now",
  "COPY a /",
  "FROM one",
  "COPY a /",
  "RUN last \\",
].join("\n");

test.each([
  ["[one 2/3] RUN make   all   now", [{ first: 3, last: 7 }]],
  ["[2/3] RUN last", [{ first: 11, last: 11 }]],
  [
    "[stage-1 2/3] COPY a /",
    [
      { first: 8, last: 8 },
      { first: 10, last: 10 },
    ],
  ],
  ["[2/3] COPY other /", []],
  ["[internal] load metadata for docker.io/library/busybox:latest", []],
  ["", []],
])("the step %j stands in %j", (step, lines) => {
  expect(errorLines(DOCKERFILE, { step, message: "exit code: 1" })).toEqual(lines);
});

test.each(["dockerfile parse error line 3: unknown instruction: RUNN", "dockerfile parse error on line 3: no"])(
  "the line that %j names",
  (message) => {
    expect(errorLines(DOCKERFILE, { step: "", message })).toEqual([{ first: 3, last: 3 }]);
  },
);

test("another escape character is heeded", () => {
  const dockerfile = "# escape=`\nFROM a\nRUN dir c:\\\nRUN x `\n  y\n";
  expect(errorLines(dockerfile, { step: "[2/3] RUN x y", message: "" })).toEqual([{ first: 4, last: 5 }]);
});
