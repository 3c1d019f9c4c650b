import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fakeField } from "../support/crash-ground.ts";
import { type Action, anyLife } from "../support/crash-model.ts";
import { crashPlan, note } from "../support/crash-plan.ts";
import { ModelPlay } from "../support/crash-play.ts";
import { CrashSite } from "../support/crash-site.ts";

const HOUR_MS = 3_600_000;

const { whole } = crashPlan();
/** Sequences played at the same time: most of their time is waiting. */
const SHARDS = 6;
const SEQUENCES = whole ? 50 : 5;
/** Always the same ones in `npm test`; a failure's own, to see it again. */
const FIRST_SEED = Number(process.env["DOCK_FAULTS_SEED"] ?? (whole ? Date.now() % 1_000_000 : 1));

async function playAll(actions: readonly Action[], apiVersion: string): Promise<void> {
  await using ground = await fakeField(apiVersion).begin();
  await using site = await CrashSite.begin(ground.ports);
  const play = new ModelPlay(ground, site);
  for (const action of actions) await play.play(action);
  await play.finish();
}

test(
  "whatever is edited, run, struck and done from outside: dock keeps its promises",
  async () => {
    const listeners = process.listenerCount("SIGINT");
    process.setMaxListeners(100);
    const seeds = Array.from({ length: SHARDS }, (_, index) => FIRST_SEED + index);
    process.stdout.write(`stateful model: seeds ${seeds.join(", ")}, ${SEQUENCES} sequences each\n`);
    await Promise.all(
      seeds.map(async (seed, index) => {
        const apiVersion = index % 2 === 0 ? "1.51" : "1.41";
        const property = fc.asyncProperty(anyLife, (actions) => playAll(actions, apiVersion));
        await fc.assert(property, { seed, numRuns: SEQUENCES, interruptAfterTimeLimit: HOUR_MS / 2 });
      }),
    );
    note({ test: "stateful model", seeds, sequences: SEQUENCES * SHARDS });
    // Runs in this process leave nothing behind in it.
    expect(process.listenerCount("SIGINT")).toBe(listeners);
  },
  HOUR_MS,
);
