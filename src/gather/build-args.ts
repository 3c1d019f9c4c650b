import { declaredArguments } from "../dockerfile/arguments.ts";
import { DockError } from "../error.ts";
import type { Image } from "../project/image-model.ts";
import type { Project } from "../project/model.ts";
import { closest } from "../std/closest.ts";
import type { Dockerfiles } from "./dockerfiles.ts";

/**
 * The project with `--arg` values put in: `K=V` for every selected image whose Dockerfile declares K, `IMAGE.K=V` for
 * one. An argument that nobody declares is a usage error with a guess.
 */
export function applyBuildArgs(
  project: Project,
  of: { readonly dockerfiles: Dockerfiles; readonly args: readonly string[]; readonly images: readonly string[] },
): Project {
  const declared = new Map(of.images.map((key) => [key, declaredNames(of.dockerfiles, key)]));
  const changes = new Map<string, Record<string, string>>();
  for (const argument of of.args) {
    const { image, name, value } = parseArgument(argument, project);
    const candidates = image === undefined ? of.images : [image];
    const targets = candidates.filter((key) => (declared.get(key) ?? declaredNames(of.dockerfiles, key)).has(name));
    if (targets.length === 0)
      throw undeclared(
        name,
        image,
        candidates.flatMap((key) => [...(declared.get(key) ?? [])]),
      );
    for (const key of targets) changes.set(key, { ...changes.get(key), [name]: value });
  }
  const images = Object.entries(project.images).map(([key, image]): [string, Image] => {
    const args = changes.get(key);
    return [key, args ? { ...image, args: { ...image.args, ...args } } : image];
  });
  return { ...project, images: Object.fromEntries(images) };
}

/** An image's key may hold dots, so the longest key that fits is meant. */
function parseArgument(
  argument: string,
  project: Project,
): { readonly image?: string; readonly name: string; readonly value: string } {
  const at = argument.indexOf("=");
  const left = at < 0 ? argument : argument.slice(0, at);
  const value = at < 0 ? process.env[left.slice(left.lastIndexOf(".") + 1)] : argument.slice(at + 1);
  if (left === "" || value === undefined) {
    throw new DockError("usage", `--arg takes KEY=VALUE or IMAGE.KEY=VALUE, not "${argument}"`);
  }
  const image = Object.keys(project.images)
    .filter((key) => left.startsWith(`${key}.`))
    .sort((a, b) => b.length - a.length)[0];
  return image === undefined ? { name: left, value } : { image, name: left.slice(image.length + 1), value };
}

function declaredNames(dockerfiles: Dockerfiles, key: string): ReadonlySet<string> {
  const file = dockerfiles.get(key);
  return new Set(file ? declaredArguments(file.dockerfile).map((argument) => argument.name) : []);
}

function undeclared(name: string, image: string | undefined, known: readonly string[]): DockError {
  const meant = closest(name, known);
  const all = [...new Set(known)].sort();
  const where =
    image === undefined
      ? "no selected image's Dockerfile declares"
      : `the Dockerfile of image ${image} does not declare`;
  return new DockError("usage", `${where} ARG ${name}`, {
    hint:
      meant !== undefined
        ? `did you mean "${meant}"?`
        : all.length === 0
          ? `add "ARG ${name}" to the Dockerfile`
          : `declared are ${all.join(", ")}`,
  });
}
