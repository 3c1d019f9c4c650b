import { slotOf } from "../../plan/slot-state.ts";
import { formatTop } from "../../ui/top-view.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { loadProject } from "../load-project.ts";
import { serviceNames } from "../named.ts";
import { stdoutStyle } from "../report.ts";
import { runningContainers } from "../service-containers.ts";

/** `dock top`: the processes in running containers. */
export const top: CommandDefinition = {
  usage: "[SERVICE...]",
  printsDocument: true,
  configure: (command) => {
    command.argument("[services...]", "only these services");
  },
  run: async ({ session, args }: Invocation) => {
    const project = await loadProject(session);
    const containers = await runningContainers(session, { project, services: serviceNames(project, args) });
    const engine = session.engine();
    const lists = await Promise.all(
      containers.map(async (container) => ({
        container,
        ...(await engine.containerTop(container.id, session.signal)),
      })),
    );
    const { stdout } = session.io;
    if (session.globals.json) {
      const rows = lists.map(({ container, titles, processes }) => ({
        ...slotOf(container),
        name: container.name,
        id: container.id,
        processes: processes.map((process) =>
          Object.fromEntries(titles.map((title, index) => [title, process[index] ?? ""])),
        ),
      }));
      stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
    } else {
      const rows = lists.map(({ container, ...list }) => ({ name: container.name, ...list }));
      stdout.write(`${formatTop(rows, stdoutStyle(session))}\n`);
    }
    return 0;
  },
};
