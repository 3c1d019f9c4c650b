import { observe } from "../../engine/observe.ts";
import { DockError } from "../../error.ts";
import { slotOf } from "../../plan/slot-state.ts";
import { parseDuration } from "../../std/duration.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { followLogs } from "../follow-logs.ts";
import { loadProject } from "../load-project.ts";
import { requireKnown } from "../plan-options.ts";

interface LogsOptions {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly since?: string;
  readonly timestamps?: boolean;
}

/** `dock logs`: what the containers have printed, and with -f what they print from now on. */
export const logs: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command
      .argument("[services...]", "only these services")
      .option("-f, --follow", "stay and show what comes")
      .option("-n, --tail <N>", 'last lines of each container, or "all"', "all")
      .option("--since <TIME>", "from this time on: 10m, 2h, or 2026-01-31T12:00:00")
      .option("-t, --timestamps", "begin each line with its time");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as LogsOptions;
    const project = await loadProject(session);
    for (const service of args) requireKnown(service, project.services, "service");
    const [tail, since] = [tailOf(given.tail), sinceOf(given.since)];
    const start = { ...(tail === undefined ? {} : { tail }), ...(since === undefined ? {} : { since }) };
    const nothing = { containers: [], networks: [], volumes: [] };
    const observed = await observe(session.engine(), { project: project.name, wantedNames: nothing }, session.signal);
    const containers = observed.containers.filter((container) => {
      const slot = slotOf(container);
      return slot !== undefined && (args.length === 0 || args.includes(slot.service));
    });
    if (containers.length === 0) {
      throw new DockError(
        "operation-failed",
        `no container of ${args.length === 0 ? `project ${project.name}` : args.join(", ")} is there`,
        {
          hint: 'bring it up with "dock up -d"',
        },
      );
    }
    const timestamps = given.timestamps ?? false;
    await followLogs(session, { containers, follow: given.follow ?? false, from: () => start, timestamps });
    session.signal.throwIfAborted();
    return 0;
  },
};

function tailOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "all") return undefined;
  if (!/^\d+$/.test(text)) throw new DockError("usage", `--tail takes a number of lines or "all", not "${text}"`);
  return Number(text);
}

/** The engine takes seconds since the epoch. */
function sinceOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const ago = parseDuration(text);
  if (ago !== undefined) return String((Date.now() - ago) / 1000);
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new DockError("usage", `--since takes a time or a duration like 10m, not "${text}"`);
  return String(time / 1000);
}
