import type { UsageSample } from "../../engine/usage-calls.ts";
import { DockError } from "../../error.ts";
import { servingContainers } from "../../plan/lifecycle.ts";
import type { ObservedContainer } from "../../plan/observed.ts";
import { slotOf } from "../../plan/slot-state.ts";
import { systemClock } from "../../std/clock.ts";
import { drained } from "../../ui/drained.ts";
import { jsonLine } from "../../ui/json.ts";
import { redrawer } from "../../ui/redraw.ts";
import { formatStats, type StatsRow, type Usage } from "../../ui/stats-view.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { loadProject } from "../load-project.ts";
import { serviceNames } from "../named.ts";
import { stdoutStyle } from "../report.ts";
import { type ContainerChoice, runningContainers, slotContainers } from "../service-containers.ts";
import type { Session } from "../session.ts";

interface StatsOptions {
  /** False after --no-stream. */
  readonly stream?: boolean;
  readonly all?: boolean;
}

/** Time between two measurements: shorter ones say little about a processor's use. */
const INTERVAL_MS = 1000;

/** `dock stats`: what the running containers use, again and again, also of those that are replaced meanwhile. */
export const stats: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command
      .argument("[services...]", "only these services")
      .option("--no-stream", "show it once and end")
      .option("-a, --all", "also show containers that do not run");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as StatsOptions;
    const project = await loadProject(session);
    const choice = { project, services: serviceNames(project, args) };
    if (given.all !== true) await runningContainers(session, choice);
    const meter = new Meter(session, choice);
    const draw = redrawer(session.io.stdout);
    await meter.rows();
    for (;;) {
      await systemClock.sleep(INTERVAL_MS, session.signal);
      const rows = (await meter.rows()).filter(({ usage }) => given.all === true || usage !== undefined);
      const { stdout } = session.io;
      if (!session.globals.json) draw(formatStats(rows, stdoutStyle(session)));
      else if (given.stream === false) stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
      else {
        const time = new Date().toISOString();
        const lines = rows.map((row) => jsonLine({ type: "stats", time, ...row }));
        if (!stdout.write(lines.join(""))) await drained(stdout);
      }
      if (given.stream === false) return 0;
    }
  },
};

/** Measures containers and remembers the measurement before: processor use is a difference. */
class Meter {
  readonly #session: Session;
  readonly #choice: ContainerChoice;
  #before: ReadonlyMap<string, UsageSample> = new Map();

  constructor(session: Session, choice: ContainerChoice) {
    this.#session = session;
    this.#choice = choice;
  }

  /** One row a container; one that was not measured before has no usage yet. */
  async rows(): Promise<readonly StatsRow[]> {
    const containers = servingContainers(await slotContainers(this.#session, this.#choice));
    const samples = new Map<string, UsageSample>();
    await Promise.all(
      containers.map(async (container) => {
        const sample = await this.#measure(container);
        if (sample) samples.set(container.id, sample);
      }),
    );
    const before = this.#before;
    this.#before = samples;
    return containers.map((container) => {
      const { service = "", number = 0 } = slotOf(container) ?? {};
      const usage = usageBetween(before.get(container.id), samples.get(container.id));
      return { service, number, name: container.name, id: container.id, ...(usage ? { usage } : {}) };
    });
  }

  async #measure({ id, state }: ObservedContainer): Promise<UsageSample | undefined> {
    if (state !== "running") return undefined;
    try {
      return await this.#session.engine().containerUsage(id, this.#session.signal);
    } catch (error) {
      // It has ended, or was removed, since it was listed.
      if (error instanceof DockError && (error.status === 404 || error.status === 409)) return undefined;
      throw error;
    }
  }
}

function usageBetween(before: UsageSample | undefined, now: UsageSample | undefined): Usage | undefined {
  if (!before || !now) return undefined;
  const { readAt, cpuNanoseconds, ...rest } = now;
  const milliseconds = readAt - before.readAt;
  const used = (cpuNanoseconds - before.cpuNanoseconds) / 1e6;
  return { cpuPercent: milliseconds > 0 && used > 0 ? (100 * used) / milliseconds : 0, ...rest };
}
