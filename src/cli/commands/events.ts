import type { EngineEvent } from "../../engine/event-calls.ts";
import { DockError } from "../../error.ts";
import { livingFiles } from "../../gather/living-files.ts";
import { LABEL } from "../../plan/labels.ts";
import type { Project } from "../../project/model.ts";
import { drained } from "../../ui/drained.ts";
import { formatEvent } from "../../ui/events-view.ts";
import { jsonLine } from "../../ui/json.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { overAbsences } from "../engine-away.ts";
import { loadProject } from "../load-project.ts";
import { serviceNames } from "../named.ts";
import { stdoutStyle } from "../report.ts";
import type { Session } from "../session.ts";
import { secondsOption } from "../time-options.ts";

interface EventsOptions {
  readonly since?: string;
  readonly until?: string;
}

/** `dock events`: what happens to the project's containers, one line each, until Ctrl-C or the time given. */
export const events: CommandDefinition = {
  usage: "[SERVICE...]",
  configure: (command) => {
    command
      .argument("[services...]", "only these services")
      .option("--since <TIME>", "also what has happened since: 10m, 2h, or 2026-01-31T12:00:00")
      .option("--until <TIME>", "up to this time");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as EventsOptions;
    const since = secondsOption(given.since, "--since");
    const until = secondsOption(given.until, "--until");
    const project = await loadProject(session);
    const services = serviceNames(project, args);
    let seen = since;
    const isOwn = ownership(project);
    await overAbsences(session.signal, async () => {
      const filter = {
        types: ["container"],
        labels: [`${LABEL.project}=${project.name}`],
        ...(seen === undefined ? {} : { since: seen }),
        ...(until === undefined ? {} : { until }),
      };
      const last = seen;
      for await (const event of session.engine().events(filter, session.signal)) {
        const time = (event.time / 1000).toFixed(6);
        // After a connection has broken, the last event comes again.
        if (last !== undefined && last !== since && Number(time) <= Number(last)) continue;
        seen = time;
        const service = event.attributes[LABEL.service] ?? "";
        if (services.length > 0 && !services.includes(service)) continue;
        if (await isOwn(event)) await show(session, event);
      }
      session.signal.throwIfAborted();
      if (until === undefined) throw new DockError("engine-broken", "the engine ended its events");
    });
    return 0;
  },
};

/** Whether an event is about this checkout's containers, not another's with the same project name. */
function ownership(project: Project): (event: EngineEvent) => Promise<boolean> {
  const living = new Map<string, boolean>([[project.file, false]]);
  return async ({ attributes }) => {
    const file = attributes[LABEL.file] ?? project.file;
    const known = living.get(file) ?? (await livingFiles([file])).has(file);
    living.set(file, known);
    return !known;
  };
}

/** Attributes that say something beyond who the container is. */
const TELLING = ["exitCode", "signal", "execDuration"];

async function show(session: Session, event: EngineEvent): Promise<void> {
  const { time, action, id, attributes } = event;
  const { stdout } = session.io;
  const service = attributes[LABEL.service] ?? "";
  const name = attributes["name"] ?? id;
  const details = Object.fromEntries(
    TELLING.flatMap((key) => (attributes[key] === undefined ? [] : [[key, attributes[key]]])),
  );
  const number = Number(attributes[LABEL.number]);
  const line = session.globals.json
    ? jsonLine({
        type: "event",
        time: new Date(time).toISOString(),
        service,
        ...(Number.isInteger(number) ? { number } : {}),
        name,
        container: id,
        action,
        details,
      })
    : `${formatEvent({ time, service, name, action, details }, stdoutStyle(session))}\n`;
  if (!stdout.write(line)) await drained(stdout);
}
