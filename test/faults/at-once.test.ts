import { beforeAll, describe, expect, test } from "vitest";
import { crashPlan, note } from "../support/crash-plan.ts";
import { type CrashRig, onRig } from "../support/crash-rig.ts";
import { FIRST, SECOND } from "../support/crash-scenarios.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import type { Snapshot } from "../support/snapshot.ts";

const HOUR_MS = 3_600_000;

const plan = crashPlan();
/** How often each case is played: what goes wrong by chance has to get its chance. */
const TIMES = plan.whole ? 20 : 1;
const UP = ["up", "-d"] as const;

for (const planned of plan.fields) {
  describe(`several runs at once on ${planned.name}`, () => {
    let golden: { readonly first: Snapshot; readonly second: Snapshot };

    async function times(name: string, play: (rig: CrashRig) => Promise<void>): Promise<void> {
      const start = performance.now();
      await using field = await planned.open();
      for (let time = 0; time < TIMES; time += 1) await onRig(field, play);
      const seconds = Math.round((performance.now() - start) / 100) / 10;
      note({ test: "at once", field: planned.name, name, times: TIMES, seconds });
    }

    beforeAll(async () => {
      await using field = await planned.open();
      await onRig(field, async (rig) => {
        await rig.site.declare(FIRST);
        await rig.dock(...UP);
        const first = await rig.look();
        await rig.site.declare(SECOND);
        await rig.dock(...UP);
        golden = { first, second: await rig.look() };
      });
    }, HOUR_MS);

    test.each([2, 10])(
      "%i times up: they wait for each other, and it comes to one up",
      async (count) => {
        await times(`${count} times up`, async (rig) => {
          await rig.site.declare(FIRST);
          const finished = await rig.ended(Array.from({ length: count }, () => rig.start(UP)));
          expect(finished.map(({ code }) => code)).toEqual(finished.map(() => 0));
          await rig.expectRest(golden.first);
          await rig.site.declare(SECOND);
          await rig.ended(Array.from({ length: count }, () => rig.start(UP)));
          await rig.expectRest(golden.second);
        });
      },
      HOUR_MS,
    );

    test(
      "two ups that don't know of each other fail at worst, and the next one comes to the same",
      async () => {
        await times("two ups, no lock", async (rig) => {
          await rig.site.declare(FIRST);
          // The lock is of one machine and goes by the engine's address: these two have different ones.
          await using one = await FaultProxy.start({ upstream: rig.ground.socketPath });
          await using other = await FaultProxy.start({ upstream: rig.ground.socketPath });
          const finished = await rig.ended([rig.start(UP, one.host), rig.start(UP, other.host)]);
          for (const { code } of finished) expect([0, 1, 5, 6]).toContain(code);
          await rig.dock(...UP);
          await rig.expectRest(golden.first);
        });
      },
      HOUR_MS,
    );

    test(
      "down during up, and up during down: one after the other",
      async () => {
        let time = 0;
        await times("down during up", async (rig) => {
          await rig.site.declare(FIRST);
          const at = 1 + ((time++ * 5) % 30);
          let second: (() => void) | undefined;
          let before = 0;
          await using proxy = await FaultProxy.start({
            upstream: rig.ground.socketPath,
            // The other one begins when this one has sent so many requests.
            counts: () => {
              if (proxy.requests.length - before + 1 === at) second?.();
              return false;
            },
          });
          for (const [args, others] of [
            [UP, ["down"]],
            [["down"], UP],
          ] as const) {
            before = proxy.requests.length;
            const runs = [rig.start(args, proxy.host)];
            second = () => runs.push(rig.start(others, proxy.host));
            await runs[0]?.end();
            const finished = await rig.ended(runs);
            expect(finished.map(({ code }) => code)).toEqual(finished.map(() => 0));
          }
          await rig.dock(...UP);
          await rig.expectRest(golden.first);
        });
      },
      HOUR_MS,
    );
  });
}
