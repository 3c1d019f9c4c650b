import { afterEach, expect, test, vi } from "vitest";
import type { ContextDigest } from "../../src/context/digest.ts";
import { RecentDigests } from "../../src/gather/recent-digests.ts";
import { sha256 } from "../../src/std/digest.ts";

afterEach(() => void vi.restoreAllMocks());

const A = { slot: "image", key: "a" };

function counted(): { readonly make: () => Promise<ContextDigest>; readonly made: () => number } {
  let made = 0;
  const make = async (): Promise<ContextDigest> => {
    made += 1;
    return { entries: [], digest: sha256(String(made)), links: new Map(), sockets: [] };
  };
  return { make, made: () => made };
}

test("a digest serves for a second, and for what it was made of only", async () => {
  const { make, made } = counted();
  const digests = new RecentDigests();
  const now = 5000;
  const clock = vi.spyOn(performance, "now").mockReturnValue(now);
  const first = await digests.of(A, make);
  clock.mockReturnValue(now + 999);
  expect(await digests.of(A, make)).toBe(first);
  await digests.of({ ...A, key: "b" }, make);
  expect(made()).toBe(2);
  clock.mockReturnValue(now + 1000);
  expect(await digests.of(A, make)).not.toBe(first);
});

test("what was seen is told of for two seconds from before the look", async () => {
  const { make } = counted();
  const digests = new RecentDigests();
  const now = 5000;
  const clock = vi.spyOn(performance, "now").mockReturnValue(now);
  const digest = await digests.of(A, () => {
    clock.mockReturnValue(now + 1500);
    return make();
  });
  expect(digests.last(A.slot)).toBe(digest);
  expect(digests.last("another")).toBeUndefined();
  clock.mockReturnValue(now + 1999);
  expect(digests.last(A.slot)).toBe(digest);
  clock.mockReturnValue(now + 2000);
  expect(digests.last(A.slot)).toBeUndefined();
});

test("what has to be seen after something else is made anew, and serves from then on", async () => {
  const { make } = counted();
  const digests = new RecentDigests();
  const before = await digests.of(A, make);
  const after = await digests.anew.of(A, make);
  expect(after).not.toBe(before);
  expect(await digests.of(A, make)).toBe(after);
});
