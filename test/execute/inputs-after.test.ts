import { expect, test } from "vitest";
import { InputsAfter } from "../../src/execute/inputs-after.ts";
import { deferred } from "../../src/std/deferred.ts";

/** Readings that end when the test says so. */
function readings(): { readonly after: InputsAfter<string>; readonly ends: ReturnType<typeof deferred<string>>[] } {
  const ends: ReturnType<typeof deferred<string>>[] = [];
  const after = new InputsAfter(() => {
    const end = deferred<string>();
    ends.push(end);
    return end.promise;
  });
  return { after, ends };
}

test("inputs are read once for a build that is over, and when nothing told of its end", async () => {
  const { after, ends } = readings();
  after.begin();
  const result = after.result();
  await expect.poll(() => ends.length).toBe(1);
  ends[0]?.resolve("as told");
  expect(await result).toBe("as told");
  const untold = readings();
  const late = untold.after.result();
  untold.ends[0]?.resolve("asked for");
  expect(await late).toBe("asked for");
});

test("what was read before a later build was over counts for nothing, nor does its failure", async () => {
  const { after, ends } = readings();
  after.begin();
  after.begin();
  await expect.poll(() => ends.length).toBe(1);
  ends[0]?.reject(new Error("gone meanwhile"));
  await expect.poll(() => ends.length).toBe(2);
  ends[1]?.resolve("later");
  expect(await after.result()).toBe("later");
});

test("a dropped reading is waited for, and then made anew", async () => {
  const { after, ends } = readings();
  after.begin();
  await expect.poll(() => ends.length).toBe(1);
  let dropped = false;
  const drop = after.drop().then(() => (dropped = true));
  expect(dropped).toBe(false);
  ends[0]?.resolve("of no use");
  await drop;
  const result = after.result();
  ends[1]?.resolve("anew");
  expect(await result).toBe("anew");
});

test("nothing is read for what is told of a build that has failed", async () => {
  const { after, ends } = readings();
  after.close();
  after.begin();
  await after.drop();
  expect(ends).toEqual([]);
});
