import { relative } from "node:path";
import { declaredArguments } from "../dockerfile/arguments.ts";
import { type Dockerfiles, readDockerfiles, type ReadDockerfile } from "../gather/dockerfiles.ts";
import type { Image } from "../project/image-model.ts";
import type { Project } from "../project/model.ts";
import type { ListedArgument, ListedImage } from "../ui/build-list-view.ts";

/** An image's definition as `build --print` shows it, without what only dock needs. */
export function printedImage(image: Image | undefined): Readonly<Record<string, unknown>> {
  if (!image) return {};
  const { key: _, at: __, context, dockerfile, ...rest } = image;
  return {
    context: context.kind === "directory" ? context.path : context.url,
    ...(dockerfile.kind === "file" ? { dockerfile: dockerfile.path } : { dockerfile_inline: dockerfile.text }),
    ...rest,
  };
}

/** The images with where they come from and which groups hold them. */
export function listedImages(project: Project, keys: readonly string[]): readonly ListedImage[] {
  return keys.flatMap((key): readonly ListedImage[] => {
    const image = project.images[key];
    if (!image) return [];
    const { context, dockerfile, target, tags } = image;
    const groups = Object.keys(project.groups).filter((group) => project.groups[group]?.includes(key));
    return [
      {
        name: key,
        context: context.kind === "url" ? context.url : relative(project.directory, context.path) || ".",
        dockerfile: dockerfile.kind === "file" ? dockerfile.path : "",
        ...(target === undefined ? {} : { target }),
        tags,
        groups,
      },
    ];
  });
}

/** By image the arguments that its Dockerfile declares, each once, with what they are by default and what the project gives. */
export async function outlines(
  project: Project,
  keys: readonly string[],
): Promise<Readonly<Record<string, readonly ListedArgument[]>>> {
  const dockerfiles: Dockerfiles = await readDockerfiles(project, keys);
  return Object.fromEntries(
    keys.flatMap((key) => {
      const file = dockerfiles.get(key);
      return file ? [[key, argumentsOf(file)]] : [];
    }),
  );
}

function argumentsOf({ dockerfile, image }: ReadDockerfile): readonly ListedArgument[] {
  const found = new Map<string, ListedArgument>();
  for (const { name, default: fallback, stage, lines } of declaredArguments(dockerfile)) {
    const before = found.get(name);
    const names = stage === "global" ? [] : [dockerfile.stages[stage]?.name ?? String(stage)];
    // An ARG without a default of its own takes that from in front of the first FROM.
    const known = before?.default ?? fallback;
    const value = image.args[name];
    found.set(name, {
      name,
      ...(known === undefined ? {} : { default: known }),
      ...(value === undefined ? {} : { value }),
      line: before?.line ?? lines.start,
      stages: [...new Set([...(before?.stages ?? []), ...names])],
    });
  }
  return [...found.values()];
}
