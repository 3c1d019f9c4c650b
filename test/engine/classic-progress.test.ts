import { expect, test } from "vitest";
import type { BuildEvent } from "../../src/engine/buildkit/build-event.ts";
import { ClassicProgress } from "../../src/engine/classic-progress.ts";

const DOCKERFILE = { name: "Dockerfile", text: "FROM busybox\nRUN make \\\n  all\n" };

function progress(): { readonly progress: ClassicProgress; readonly events: BuildEvent[] } {
  const events: BuildEvent[] = [];
  return { progress: new ClassicProgress(DOCKERFILE, (event) => events.push(event)), events };
}

test("the older builder's text becomes steps, however it is cut", () => {
  const { progress: one, events } = progress();
  const text =
    "Step 1/2 : FROM busybox\n ---> 0123456789ab\nStep 2/2 : RUN make   all\n ---> Using cache\n ---> 123456789abc\nSuccessfully built 123456789abc\n";
  for (const part of text.match(/[^]{1,7}/g) ?? []) one.take({ stream: part });
  one.take({ aux: { ID: "sha256:abc" } });
  expect(one.end()).toBe("sha256:abc");
  expect(events).toEqual([
    { type: "step", id: "1/2", name: "[1/2] FROM busybox", state: "started" },
    { type: "step", id: "1/2", name: "[1/2] FROM busybox", state: "done" },
    { type: "step", id: "2/2", name: "[2/2] RUN make   all", state: "started" },
    { type: "step", id: "2/2", name: "[2/2] RUN make   all", state: "cached" },
  ]);
});

test("a failure has the step, its lines, its output and the exit code", () => {
  const { progress: one } = progress();
  one.take({ stream: "Step 2/2 : RUN make   all\n ---> Running in 0123\nno rule\n" });
  const fail = (): void =>
    one.take({
      error: "x",
      errorDetail: { code: 2, message: "The command '/bin/sh -c make all' returned a non-zero code: 2" },
    });
  expect(fail).toThrow("step [2/2] RUN make   all failed with exit code 2");
  try {
    fail();
  } catch (error) {
    expect(error).toMatchObject({ code: "build-failed", facts: { exitCode: 2 } });
  }
});

test("an end without an image is no success", () => {
  expect(() => progress().progress.end()).toThrow("told no image");
});
