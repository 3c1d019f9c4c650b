import { DockError } from "../../error.ts";
import { readRunLog } from "../../gather/run-log.ts";
import { plainRequest } from "../../plan/request.ts";
import type { Project } from "../../project/model.ts";
import { closest } from "../../std/closest.ts";
import { formatWhy } from "../../ui/why-view.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { loadProject } from "../load-project.ts";
import { stdoutStyle } from "../report.ts";
import { survey } from "../world.ts";

/** How many past actions are shown. */
const SHOWN = 10;

/** `dock why`: why an image or service was last built, created, replaced or restarted, and what would happen to it now. */
export const why: CommandDefinition = {
  usage: "NAME",
  printsDocument: true,
  configure: (command) => {
    command.argument("<name>", "image, service, network or volume of the project");
  },
  run: async ({ session, args }: Invocation) => {
    const [name = ""] = args;
    const project = await loadProject(session);
    const concerns = concernsOf(project, name);
    const log = await readRunLog(session.cacheDirectory, project);
    const past = log.filter(({ target }) => concerns(target)).slice(-SHOWN);
    const { reconciled } = await survey(session, project, plainRequest("dev"));
    const next = reconciled.plan.actions.filter(({ target }) => concerns(target));
    const { stdout } = session.io;
    if (session.globals.json) {
      const planned = next.map(({ id, target, operation, reasons }) => ({ id, kind: operation.kind, target, reasons }));
      stdout.write(`${JSON.stringify({ name, past, next: planned }, undefined, 2)}\n`);
    } else {
      stdout.write(`${formatWhy({ name, past, next, now: Date.now() }, stdoutStyle(session))}\n`);
    }
    return 0;
  },
};

/** Whether a plan's target is about a name of the project: its own, a service's dev volumes, and a service's image. */
function concernsOf(project: Project, name: string): (target: string) => boolean {
  const kinds = [
    ...(Object.hasOwn(project.services, name) ? [`service:${name}/`, `volume:${name}/`] : []),
    ...(Object.hasOwn(project.images, name) ? [`image:${name}`] : []),
    ...(Object.hasOwn(project.networks, name) ? [`network:${name}`] : []),
    ...(Object.hasOwn(project.volumes, name) ? [`volume:${name}`] : []),
  ];
  if (kinds.length === 0) {
    const known = [project.services, project.images, project.networks, project.volumes].flatMap((of) =>
      Object.keys(of),
    );
    const meant = closest(name, known);
    throw new DockError("usage", `the project has neither an image nor a service "${name}"`, {
      hint: meant === undefined ? `it has ${[...new Set(known)].join(", ")}` : `did you mean "${meant}"?`,
    });
  }
  const image = project.services[name]?.image;
  const own = image?.kind === "built" ? [...kinds, `image:${image.key}`] : kinds;
  return (target) => own.some((kind) => (kind.endsWith("/") ? target.startsWith(kind) : target === kind));
}
