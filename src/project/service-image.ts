import { parseImageReference, referenceHint, withTag } from "./image-reference.ts";
import type { Image, ServiceImage } from "./image-model.ts";
import type { Place } from "./place.ts";

/** What a name of an image stands for: a key of `images`, one of their tags, else a reference with its tag spelled out. */
export function resolveImage(
  name: string,
  images: Readonly<Record<string, Image>>,
  place: Place,
): ServiceImage | undefined {
  if (place.scope.declared.images.has(name)) return { kind: "built", key: name };
  const reference = parseImageReference(name);
  if (!reference) return place.invalid("is no image reference", referenceHint(name) ?? "write it as `name:tag`");
  const ref = withTag(reference);
  const tagged = Object.values(images).find((image) => image.tags.includes(ref));
  return tagged ? { kind: "built", key: tagged.key } : { kind: "external", ref };
}
