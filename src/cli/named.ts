import { DockError } from "../error.ts";
import type { Project } from "../project/model.ts";
import { closest } from "../std/closest.ts";

/** The services that names on the command line mean, groups spelled out; a name of nothing is a usage error with a guess. */
export function serviceNames(project: Project, names: readonly string[]): readonly string[] {
  const services = names.flatMap((name) => {
    const group = groupOf(project, name);
    if (!group) {
      requireKnown(name, { ...project.groups, ...project.services }, "service");
      return [name];
    }
    return someOf(
      group.filter((key) => Object.hasOwn(project.services, key)),
      { group: name, kind: "service" },
    );
  });
  return [...new Set(services)];
}

/** The images that names on the command line mean: of a group its images and those that its services run. */
export function imageNames(project: Project, names: readonly string[]): readonly string[] {
  const images = names.flatMap((name) => {
    const group = groupOf(project, name);
    if (!group) {
      requireKnown(name, { ...project.groups, ...project.images }, "image");
      return [name];
    }
    const run = group.flatMap((key) => {
      const image = project.services[key]?.image;
      return image?.kind === "built" ? [image.key] : [];
    });
    return someOf([...group.filter((key) => Object.hasOwn(project.images, key)), ...run], {
      group: name,
      kind: "image",
    });
  });
  return [...new Set(images)];
}

function groupOf(project: Project, name: string): readonly string[] | undefined {
  return Object.hasOwn(project.groups, name) ? project.groups[name] : undefined;
}

function someOf(
  keys: readonly string[],
  of: { readonly group: string; readonly kind: "service" | "image" },
): readonly string[] {
  if (keys.length > 0) return keys;
  throw new DockError("usage", `group "${of.group}" has no ${of.kind}`);
}

/** Throws a usage error with a guess when a name is none of the project's. */
export function requireKnown(name: string, known: Readonly<Record<string, unknown>>, kind: "service" | "image"): void {
  if (Object.hasOwn(known, name)) return;
  const meant = closest(name, Object.keys(known));
  const all = Object.keys(known);
  const list = all.length === 0 ? `the project has no ${kind}s` : `the project has ${all.join(", ")}`;
  throw new DockError("usage", `there is no ${kind} "${name}"`, {
    hint: meant === undefined ? list : `did you mean "${meant}"?`,
  });
}
