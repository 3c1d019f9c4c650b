import { expect, test } from "vitest";
import { deferred } from "../../src/std/deferred.ts";
import { Semaphore } from "../../src/std/semaphore.ts";

test("what is urgent goes before what waits longer; the rest keeps its order, and a failure gives its place back", async () => {
  const semaphore = new Semaphore(1);
  const first = deferred<void>();
  const order: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    order.push(name);
    if (name === "fails") throw new Error(name);
  };
  const running = semaphore.run(() => first.promise);
  const rest = [
    semaphore.run(work("a")),
    semaphore.run(work("fails")).catch(() => undefined),
    semaphore.run(work("b")),
    semaphore.run(work("urgent"), true),
    semaphore.run(work("urgent too"), true),
  ];
  first.resolve();
  await Promise.all([running, ...rest]);
  expect(order).toEqual(["urgent", "urgent too", "a", "fails", "b"]);
});
