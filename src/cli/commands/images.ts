import { splitRef } from "../../engine/image-ref.ts";
import { servingContainers } from "../../plan/lifecycle.ts";
import type { ObservedContainer } from "../../plan/observed.ts";
import { slotOf } from "../../plan/slot-state.ts";
import { formatImages, type ImagesRow } from "../../ui/images-view.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { loadProject } from "../load-project.ts";
import { serviceNames } from "../named.ts";
import { stdoutStyle } from "../report.ts";
import { slotContainers } from "../service-containers.ts";
import type { Session } from "../session.ts";

/** `dock images`: the images that the project's containers run. */
export const images: CommandDefinition = {
  usage: "[SERVICE...]",
  printsDocument: true,
  configure: (command) => {
    command.argument("[services...]", "only these services");
  },
  run: async ({ session, args }: Invocation) => {
    const project = await loadProject(session);
    const containers = servingContainers(
      await slotContainers(session, { project, services: serviceNames(project, args) }),
    );
    const rows = await Promise.all(containers.map(async (container) => imageRow(session, container)));
    const { stdout } = session.io;
    if (session.globals.quiet) stdout.write([...new Set(rows.map(({ id }) => `${id}\n`))].join(""));
    else if (session.globals.json) stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
    else stdout.write(`${formatImages(rows, stdoutStyle(session))}\n`);
    return 0;
  },
};

async function imageRow(session: Session, container: ObservedContainer): Promise<ImagesRow> {
  const { service = "", number = 0 } = slotOf(container) ?? {};
  const detail = await session.engine().inspectImage(container.imageId, session.signal);
  // A container whose reference was taken away names its image by id.
  const named = !/^(?:sha256:)?[0-9a-f]{12,64}$/.test(container.imageRef);
  const { name, tag } = named ? splitRef(container.imageRef) : { name: "<none>", tag: "<none>" };
  return {
    service,
    number,
    container: container.name,
    repository: name,
    tag,
    id: container.imageId,
    tags: detail?.tags ?? [],
    platform: detail?.platform ?? "",
    size: detail?.size ?? 0,
  };
}
