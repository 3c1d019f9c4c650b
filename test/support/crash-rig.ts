import type { CrashField, CrashGround } from "./crash-ground.ts";
import { CLEAN } from "./crash-scenarios.ts";
import { CrashSite, transcript } from "./crash-site.ts";
import { FaultProxy } from "./fault-proxy.ts";
import type { DockProcess, Finished } from "./scenario-process.ts";
import { type Snapshot, snapshotDifference, takeSnapshot } from "./snapshot.ts";

/** A project on an engine with what tests of several runs at once need; in the end nothing of it may be left. */
export class CrashRig {
  readonly field: CrashField;
  readonly ground: CrashGround;
  readonly site: CrashSite;

  constructor(of: { readonly field: CrashField; readonly ground: CrashGround; readonly site: CrashSite }) {
    this.field = of.field;
    this.ground = of.ground;
    this.site = of.site;
  }

  /** Runs dock to its end in this process; throws unless it ends with 0. */
  async dock(...args: readonly string[]): Promise<Finished> {
    const finished = await this.site.run(args, this.ground.host);
    if (finished.code !== 0) throw new Error(`dock ${args.join(" ")} ended with ${finished.code}\n${this.history()}`);
    return finished;
  }

  /** Starts dock as a process of its own. */
  start(args: readonly string[], host = this.ground.host): DockProcess {
    return this.site.start(args, { host, deadline: this.field.patience, hurry: false });
  }

  /** Waits for runs that were started and keeps what they printed. */
  async ended(runs: readonly DockProcess[]): Promise<readonly Finished[]> {
    const finished = await Promise.all(runs.map(async (run) => run.end()));
    for (const [index, run] of runs.entries()) {
      const one = finished[index];
      if (one) this.site.history.push(transcript(run.args, one));
    }
    return finished;
  }

  async look(): Promise<Snapshot> {
    return takeSnapshot(this.ground.bare, this.site.project, this.site.steady);
  }

  /** Throws unless the engine has of the project what `golden` says, and `up` finds nothing to do. */
  async expectRest(golden: Snapshot): Promise<void> {
    const difference = snapshotDifference(golden, await this.look());
    if (difference.length > 0) throw new Error(`not as it should be: ${difference.join("; ")}\n${this.history()}`);
    await using proxy = await FaultProxy.start({ upstream: this.ground.socketPath });
    await this.site.run(["up", "-d"], proxy.host);
    const changes = proxy.mutations.map(({ method, path }) => `${method} ${path}`);
    if (changes.length > 0) throw new Error(`up has still something to do: ${changes.join(", ")}\n${this.history()}`);
  }

  history(): string {
    return this.site.history.join("\n");
  }
}

/** Plays on a ground and a site of its own and cleans up; throws when something is left. */
export async function onRig(field: CrashField, play: (rig: CrashRig) => Promise<void>): Promise<void> {
  await using ground = await field.begin();
  await using site = await CrashSite.begin(ground.ports);
  const rig = new CrashRig({ field, ground, site });
  await play(rig);
  await rig.dock(...CLEAN.args);
  const left = [...(await rig.look()), ...(await ground.leftovers()), ...(await field.leftovers())];
  if (left.length > 0) throw new Error(`left behind: ${left.join("; ")}\n${rig.history()}`);
}
