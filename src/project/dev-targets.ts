import { normalizeOutputs } from "./build-outputs.ts";
import type { DockFile } from "./file.gen.ts";
import { quote } from "./findings.ts";
import type { Image } from "./image-model.ts";
import { IMAGE_NAME } from "./names.ts";
import { members, placeAt, type Place, type Scope } from "./place.ts";
import type { Service } from "./service-model.ts";

/** Services whose dev mode builds another stage, and the images that this makes. */
export interface WithDevTargets {
  readonly services: Service[];
  readonly images: Record<string, Image>;
}

/**
 * Gives each service with a `dev.target` an image of its own for dev mode, `<image>-<target>`: the service's, built up to
 * that stage. Services with the same image and target share it.
 */
export function withDevTargets(
  file: DockFile,
  declared: { readonly services: readonly Service[]; readonly images: Readonly<Record<string, Image>> },
  scope: Scope,
): WithDevTargets {
  const images = { ...declared.images };
  const places = new Map(
    [...members(file.services, placeAt(scope, ["services"]))].flatMap(([key, service, place]) =>
      service.dev?.target === undefined
        ? []
        : [[key, { target: service.dev.target, place: place.at("dev", "target") }]],
    ),
  );
  const services = declared.services.map((service): Service => {
    const asked = places.get(service.key);
    if (!asked || !service.dev) return service;
    const run = service.dev.image ?? service.image;
    const base = run.kind === "built" ? declared.images[run.key] : undefined;
    if (!base) {
      asked.place.invalid("is a stage of no image of this project", "name one under `images`, or leave the target out");
      return service;
    }
    const built = targetOf(base, asked.target, { images: declared.images, place: asked.place });
    if (!built) return service;
    images[built.key] = built;
    return { ...service, dev: { ...service.dev, image: { kind: "built", key: built.key } } };
  });
  return { services, images };
}

function targetOf(
  base: Image,
  target: string,
  of: { readonly images: Readonly<Record<string, Image>>; readonly place: Place },
): Image | undefined {
  if (base.target === target) return base;
  const key = `${base.key}-${target.toLowerCase()}`;
  const { place } = of;
  if (!IMAGE_NAME.pattern.test(key)) return place.invalid("can't be part of an image's name", IMAGE_NAME.words);
  const other = of.images[key];
  if (other) {
    const message = `the image for this target would be ${quote(key)}, which \`images\` has already`;
    const related = [{ message: "the other image", at: other.at }];
    place.error({ code: "duplicate-image", message, hint: `write \`image: ${key}\` in place of \`target\``, related });
    return undefined;
  }
  return {
    ...base,
    key,
    target,
    tags: [`${place.scope.projectName}-${key}:latest`],
    outputs: normalizeOutputs(undefined, place),
    at: place.value(),
  };
}
