import { DockError } from "../../error.ts";
import { inputRepository, isInputTag } from "../../plan/input-digest.ts";
import type { ObservedImage } from "../../plan/observed.ts";
import type { Project } from "../../project/model.ts";
import { formatHistory } from "../../ui/history-view.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { loadProject } from "../load-project.ts";
import { requireKnown } from "../named.ts";
import { stdoutStyle } from "../report.ts";
import type { Session } from "../session.ts";

/** `dock history`: an image's layers with instruction and size, newest first as in docker. */
export const history: CommandDefinition = {
  usage: "IMAGE",
  printsDocument: true,
  configure: (command) => {
    command.argument("<image>", "image of the project, or any reference on the engine");
  },
  run: async ({ session, args }: Invocation) => {
    const [name = ""] = args;
    const ref = await findImage(session, name);
    const steps = await session.engine().imageHistory(ref, session.signal);
    const layers = steps.map(({ createdBy, size, created, comment }) => ({
      createdBy,
      size,
      created,
      emptyLayer: size === 0,
      ...(comment === "" ? {} : { comment }),
    }));
    const { stdout } = session.io;
    if (session.globals.json) stdout.write(`${JSON.stringify({ image: name, ref, layers }, undefined, 2)}\n`);
    else stdout.write(`${formatHistory(layers, stdoutStyle(session))}\n`);
    return 0;
  },
};

/** The reference of an image of the project as it is on the engine, or the name itself when the engine knows it. */
async function findImage(session: Session, name: string): Promise<string> {
  const images = await session.engine().listImages(session.signal);
  const project = await projectIfThere(session);
  const image = project?.images[name];
  if (project && image) {
    const tag = image.tags.find((candidate) => isThere(images, candidate));
    if (tag !== undefined) return tag;
    const repository = inputRepository(project.name, name);
    const input = images
      .flatMap(({ tags }) => tags)
      .find((candidate) => isInputTag(candidate) && candidate.startsWith(`${repository}:`));
    if (input !== undefined) return input;
    throw new DockError("operation-failed", `image ${name} is not built yet`, { hint: `run "dock build ${name}"` });
  }
  const withTag = [name, `${name}:latest`].find((candidate) => isThere(images, candidate));
  if (withTag !== undefined) return withTag;
  requireKnown(name, project?.images ?? {}, "image");
  throw new Error("unreachable: the image is unknown");
}

function isThere(images: readonly ObservedImage[], ref: string): boolean {
  return images.some((image) => image.tags.includes(ref) || image.digests.includes(ref) || image.id === ref);
}

/** Any image on the engine can be looked at, also where there is no project. */
async function projectIfThere(session: Session): Promise<Project | undefined> {
  try {
    return await loadProject(session);
  } catch (error) {
    if (error instanceof DockError && error.code === "not-found") return undefined;
    throw error;
  }
}
