import { expect, test } from "vitest";
import { SelfTriggers } from "../../src/watch/self-triggers.ts";

const file = (name: string) => ({ name, path: `/project/${name}` });

test("a file that comes back after each of its actions is left alone the third time, and for good when it does again", () => {
  const triggers = new SelfTriggers();
  for (const [time, verdict] of [
    [0, "act"],
    [1000, "act"],
    [2000, "act"],
    [3000, "stop-and-tell"],
  ] as const) {
    expect(triggers.changed(file("a"), time)).toBe(verdict);
    triggers.acted(["a"], time + 500);
  }
  expect(triggers.changed(file("a"), 3100)).toBe("stop");
  expect(triggers.changed(file("b"), 3100)).toBe("act");
  expect(triggers.dueAt).toBe(6100);
  expect(triggers.due(6000)).toEqual([]);
  expect(triggers.due(6100)).toEqual(["/project/a"]);
  triggers.acted(["a"], 6200);
  expect(triggers.changed(file("a"), 6300)).toBe("stop-and-tell");
  expect(triggers.changed(file("a"), 60_000)).toBe("stop");
  triggers.forget();
  expect(triggers.changed(file("a"), 60_000)).toBe("act");
});

test("a file that is saved again and again before its action begins, or long after it, is a person's", () => {
  const triggers = new SelfTriggers();
  for (let time = 0; time < 1000; time += 100) expect(triggers.changed(file("a"), time)).toBe("act");
  triggers.acted(["a"], 1200);
  for (let time = 3000; time < 30_000; time += 2500) {
    expect(triggers.changed(file("a"), time)).toBe("act");
    triggers.acted(["a"], time + 100);
  }
});

test("one that a person saved often is acted on when it is quiet, and then as ever", () => {
  const triggers = new SelfTriggers();
  for (let time = 0; time <= 3000; time += 1000) {
    triggers.changed(file("a"), time);
    triggers.acted(["a"], time + 500);
  }
  expect(triggers.due(6000)).toEqual(["/project/a"]);
  triggers.acted(["a"], 6200);
  expect(triggers.changed(file("a"), 9000)).toBe("act");
});
