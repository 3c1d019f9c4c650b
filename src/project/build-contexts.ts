import { parseImageReference, withTag } from "./image-reference.ts";
import type { BuildContext, NamedContext } from "./image-model.ts";
import { hostPathAt, type Place } from "./place.ts";
import { record } from "./plain-data.ts";

/** A directory, unless it is what `docker build` takes for a URL. */
export function buildContext(text: string, place: Place): BuildContext {
  const isUrl = /^(https?|git|ssh):\/\//.test(text) || text.startsWith("git@") || text.startsWith("github.com/");
  return isUrl ? { kind: "url", url: text } : { kind: "directory", path: hostPathAt(text, place) };
}

/** Named contexts by name; those that can't be read are reported and left out. */
export function namedContexts(
  given: Readonly<Record<string, string>> | undefined,
  place: Place,
): Record<string, NamedContext> {
  return record(
    Object.entries(given ?? {}).flatMap(([name, text]): [string, NamedContext][] => {
      const context = namedContext(text, place.at(name));
      return context ? [[name, context]] : [];
    }),
  );
}

function namedContext(text: string, place: Place): NamedContext | undefined {
  if (text.startsWith("image:")) return imageContext(text.slice("image:".length), place);
  if (/^(service|target):/.test(text))
    return place.invalid("is no named context", "write `image:<key>` for an image of this project");
  if (text.startsWith("oci-layout://")) return layoutContext(text.slice("oci-layout://".length), place);
  if (!text.startsWith("docker-image://")) return buildContext(text, place);
  const reference = parseImageReference(text.slice("docker-image://".length));
  return reference
    ? { kind: "reference", ref: withTag(reference) }
    : place.invalid("holds no image reference", "write it as `docker-image://name:tag`");
}

/** `DIRECTORY`, `DIRECTORY:TAG` or `DIRECTORY@DIGEST`. */
function layoutContext(text: string, place: Place): NamedContext | undefined {
  const [, named = "", , digest] = /^([^@]*)(@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? [];
  const [, path = "", , tag] = /^(.*?)(:([\w][\w.-]{0,127}))?$/.exec(named) ?? [];
  if (path === "") return place.invalid("names no OCI layout", "write it as `oci-layout://DIRECTORY:TAG`");
  return {
    kind: "layout",
    path: hostPathAt(path, place),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function imageContext(key: string, place: Place): NamedContext | undefined {
  const { declared, findings } = place.scope;
  if (declared.images.has(key)) return { kind: "image", key };
  const hint = findings.suggest(
    `image:${key}`,
    [...declared.images].map((name) => `image:${name}`),
  );
  place.error({ code: "unknown-image", message: `${place.written()} names no image of this project`, hint });
  return undefined;
}
