import { DockError } from "../../error.ts";
import { slotContainers } from "../service-containers.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { followLogs } from "../follow-logs.ts";
import { wholeNumber } from "../global-options.ts";
import { loadProject } from "../load-project.ts";
import { serviceNames } from "../named.ts";
import { chosenContainers } from "../service-containers.ts";
import { secondsOption } from "../time-options.ts";

interface LogsOptions {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly since?: string;
  readonly until?: string;
  readonly timestamps?: boolean;
  readonly grep?: string;
  readonly index?: number;
  /** False after --no-log-prefix. */
  readonly logPrefix?: boolean;
}

/** `dock logs`: what the containers have printed, in the order of its times, and with -f what they print from now on. */
export const logs: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command
      .argument("[services...]", "only these services")
      .option("-f, --follow", "stay and show what comes, also from restarted and replaced containers")
      .option("-n, --tail <N>", 'last lines of each container, or "all"', "all")
      .option("--since <TIME>", "from this time on: 10m, 2h, or 2026-01-31T12:00:00")
      .option("--until <TIME>", "up to this time")
      .option("-t, --timestamps", "begin each line with its time")
      .option("--grep <PATTERN>", "only lines that this regular expression matches")
      .option("--index <N>", "only the container of each service with this number", wholeNumber)
      .option("--no-log-prefix", "leave out the containers' names");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as LogsOptions;
    const tail = tailOf(given.tail);
    const since = secondsOption(given.since, "--since");
    const until = secondsOption(given.until, "--until");
    const grep = grepOf(given.grep);
    const project = await loadProject(session);
    const choice = { project, services: serviceNames(project, args), index: given.index };
    await chosenContainers(session, choice);
    const start = { ...(tail === undefined ? {} : { tail }), ...(since === undefined ? {} : { since }) };
    await followLogs(session, {
      containers: await slotContainers(session, choice),
      choice,
      follow: given.follow ?? false,
      from: () => start,
      timestamps: given.timestamps ?? false,
      prefixed: given.logPrefix !== false,
      ...(until === undefined ? {} : { until }),
      ...(grep === undefined ? {} : { grep }),
    });
    session.signal.throwIfAborted();
    return 0;
  },
};

function tailOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "all") return undefined;
  if (!/^\d+$/.test(text)) throw new DockError("usage", `--tail takes a number of lines or "all", not "${text}"`);
  return Number(text);
}

function grepOf(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text);
  } catch (error) {
    throw new DockError("usage", `--grep takes a regular expression: ${(error as Error).message}`, {
      hint: "put a backslash before a character that is meant as it stands",
      cause: error,
    });
  }
}
