import { renameSync, rmSync, symlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { block, RealWatch, SITE } from "./real-watch.ts";

/** The whole takes minutes: `npm run test:loss`. Here a short cut of each. */
const WHOLE = process.env["DOCK_TEST_LOSS"] === "whole";
const BURSTS = WHOLE ? [20_000, 100_000] : [3000];
const [SEQUENCES, STEPS] = WHOLE ? [10, 1000] : [2, 150];

/** Numbers that look random and are the same each time (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One random operation below `site`. Names are few, so that files, directories and links meet in the same places. */
function operate({ tree }: RealWatch, random: (below: number) => number, step: number): void {
  const place = (): string => `site/${["a", "b", "c"][random(3)]}/${["x", "y", "z"][random(3)]}/f${random(40)}`;
  const directory = (): string =>
    place()
      .split("/")
      .slice(0, 2 + random(2))
      .join("/");
  const [from, to] = [tree.at(place()), tree.at(place())];
  const ways: readonly (() => void)[] = [
    () => tree.write(place(), `${step}`),
    () => tree.write(place(), `${step} again`),
    () => rmSync(from, { force: true }),
    () => rmSync(tree.at(directory()), { recursive: true, force: true }),
    () => renameSync(from, to),
    () => renameSync(tree.at(directory()), tree.at(directory())),
    () => symlinkSync("f1", from),
  ];
  try {
    ways[random(ways.length)]?.();
  } catch (error) {
    // What is asked for does not go with what is there.
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

test.each(BURSTS)(
  "a burst of %i operations while the event loop is blocked for 2 s loses nothing",
  { timeout: 600_000 },
  async (count) => {
    await using watched = await RealWatch.begin({ "dock.yaml": SITE, "site/index.html": "one" });
    const random = numbers(count);
    for (let step = 0; step < count; step += 1) {
      const place = `site/d${random(60)}/e${random(7)}/f${random(60)}`;
      if (step % 7 === 0) rmSync(watched.tree.at(place), { force: true });
      else watched.tree.write(place, `${step}`);
      if (step % 2500 === 0) rmSync(watched.tree.at(`site/d${random(60)}`), { recursive: true, force: true });
    }
    block(2000);
    watched.tree.write("site/last.html", "the last one");
    await watched.synced(120_000);
    watched.tree.write("site/d1/e1/later.txt", "new directories are watched");
    await watched.synced(30_000);
  },
);

test(
  "random operations end with the container as the disk, whatever was seen on the way",
  { timeout: 600_000 },
  async () => {
    for (let seed = 1; seed <= SEQUENCES; seed += 1) {
      await using watched = await RealWatch.begin({ "dock.yaml": SITE, "site/a/x/f1": "one" });
      const random = numbers(seed);
      for (let step = 0; step < STEPS; step += 1) {
        operate(watched, random, step);
        if (random(20) === 0) block(random(15));
        if (random(25) === 0) await new Promise((resolve) => setImmediate(resolve));
        if (random(100) === 0) await watched.quiet(60);
      }
      await watched.synced(60_000);
      expect(watched.effects.errors, `sequence ${seed}`).toEqual([]);
    }
  },
);
