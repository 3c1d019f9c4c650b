// Watches the directory that it is given until it has heard of a change in the first and in the last directory below it,
// and prints what the system's limit made the source say. Run where the kernel allows few watches.
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/std/clock.ts";
import { coverageOf } from "../../src/watch/coverage.ts";
import { openSource, type WatchLimit } from "../../src/watch/source.ts";

const root = process.argv[2] ?? "";
const limits: WatchLimit[] = [];
const told = new Set<string>();
const coverage = coverageOf([{ key: root, root, what: { kind: "tree", prunes: () => false, leavesOut: () => false } }]);
const source = await openSource(coverage, {
  clock: systemClock,
  tell: (hint) => {
    if (hint.kind === "path") told.add(hint.path);
  },
  onLimit: (limit) => void limits.push(limit),
});
const heard: string[] = [];
const [names, bound] = [readdirSync(root).toSorted(), performance.now() + 15_000];
for (const [which, name] of [
  ["first", names[0]],
  ["last", names.at(-1)],
] as const) {
  const directory = join(root, name ?? "");
  told.clear();
  writeFileSync(join(directory, "f"), which);
  while (![...told].some((path) => path.startsWith(directory)) && performance.now() < bound)
    await new Promise((resolve) => setTimeout(resolve, 20));
  if (performance.now() < bound) heard.push(which);
}
await source[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify({ limits, heard }));
