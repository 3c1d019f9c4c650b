import type { HistoryStep } from "../../engine/image-calls.ts";
import { DockError } from "../../error.ts";
import { readRunLog } from "../../gather/run-log.ts";
import { inputRepository, isInputTag } from "../../plan/input-digest.ts";
import type { ObservedImage } from "../../plan/observed.ts";
import type { Project } from "../../project/model.ts";
import { formatHistory } from "../../ui/history-view.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { layerSharing, layersOfSteps, stepOrigins } from "../layer-sharing.ts";
import { loadProject } from "../load-project.ts";
import { requireKnown } from "../named.ts";
import { stdoutStyle } from "../report.ts";
import type { Session } from "../session.ts";

/** `dock history`: an image's layers with size, what the last build did with them and who shares them, newest first as in docker. */
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
    const { origins, sharing } = await around(session, { name, ref, steps });
    const layers = steps.map(({ createdBy, size, created, comment }, index) => {
      const origin = origins?.[index];
      const sharedWith = sharing?.[index];
      return {
        createdBy,
        size,
        created,
        emptyLayer: size === 0,
        ...(comment === "" ? {} : { comment }),
        ...(origin === undefined ? {} : { origin }),
        ...(sharedWith === undefined ? {} : { sharedWith }),
      };
    });
    const { stdout } = session.io;
    if (session.globals.json) stdout.write(`${JSON.stringify({ image: name, ref, layers }, undefined, 2)}\n`);
    else stdout.write(`${formatHistory(layers, stdoutStyle(session))}\n`);
    return 0;
  },
};

/** What is known of an image's steps beside the image: how its last build went, and which images of the project share layers. */
async function around(
  session: Session,
  { name, ref, steps }: { readonly name: string; readonly ref: string; readonly steps: readonly HistoryStep[] },
): Promise<{
  readonly origins?: readonly ("cached" | "built")[] | undefined;
  readonly sharing?: readonly (readonly string[] | undefined)[];
}> {
  const project = await projectIfThere(session);
  const engine = session.engine();
  const image = await engine.inspectImage(ref, session.signal);
  if (!project || !image) return {};
  const origins = stepOrigins(steps, { image: image.id, log: await readRunLog(session.cacheDirectory, project) });
  const keys = Object.keys(project.images).filter((key) => key !== name);
  const found = await Promise.all(
    keys.map(async (key) => {
      const tag = project.images[key]?.tags[0];
      const other = tag === undefined ? undefined : await engine.inspectImage(tag, session.signal);
      return other && other.id !== image.id ? [{ name: key, layers: other.layers }] : [];
    }),
  );
  const numbers = layersOfSteps(steps, image.layers.length);
  if (!numbers) return { origins };
  const shared = layerSharing(
    image.layers,
    found.flatMap((others) => others ?? []),
  );
  return { origins, sharing: numbers.map((layer) => (layer === undefined ? undefined : shared[layer])) };
}

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
