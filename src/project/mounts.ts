import type { Mount as FileMount } from "./file.gen.ts";
import { containerPath } from "./container-path.ts";
import { parseImageReference, referenceHint, withTag } from "./image-reference.ts";
import { bindMount, isPath, volumeMount } from "./mount-source.ts";
import { shortMount } from "./mount-text.ts";
import type { Mount } from "./connection-model.ts";
import { items, type Place } from "./place.ts";
import { compact } from "./plain-data.ts";
import { normalizeMode, normalizeSize } from "./quantities.ts";

/** A mount and the place in the file that asks for it. */
export interface PlacedMount {
  readonly mount: Mount;
  readonly place: Place;
}

/** The mounts of a list, short and long forms. */
export function normalizeMounts(given: readonly FileMount[] | undefined, place: Place): PlacedMount[] {
  const mounts: PlacedMount[] = [];
  for (const [item, at] of items(given, place)) {
    const mount = typeof item === "string" ? shortMount(item, at) : longMount(item, at);
    if (mount) mounts.push({ mount, place: at });
  }
  return mounts;
}

/** The mounts of one container; two at one place are an error that names both. */
export function withDistinctTargets(placed: readonly PlacedMount[]): Mount[] {
  const seen = new Map<string, Place>();
  for (const { mount, place } of placed) {
    const first = seen.get(mount.target);
    if (!first) seen.set(mount.target, place);
    else {
      const related = [{ message: "the other mount", at: first.value() }];
      place.error({ code: "duplicate-mount", message: "another mount has the same place in the container", related });
    }
  }
  return placed.map(({ mount }) => mount);
}

type LongMount = Exclude<FileMount, string>;

function longMount(given: LongMount, place: Place): Mount | undefined {
  const { source } = given;
  const type = given.type ?? guessedType(given);
  for (const other of ["bind", "volume", "tmpfs", "image"] as const) {
    if (other === type || given[other] === undefined) continue;
    const message = `\`${other}\` has no meaning for a mount of type \`${type}\``;
    place.at(other).errorAtKey({ code: "conflicting-keys", message });
  }
  const target = containerPath(given.target, place.at("target"));
  if (target === undefined) return undefined;
  const readOnly = given.read_only ?? false;
  switch (type) {
    case "bind":
      return longBind(given, { target, readOnly }, place);
    case "volume": {
      const noCopy = given.volume?.nocopy ?? false;
      if (source === undefined) return { kind: "anonymous", target, readOnly, noCopy };
      return volumeMount(
        { volume: source, target, readOnly, noCopy, subpath: given.volume?.subpath },
        place.at("source"),
      );
    }
    case "image":
      return imageMount(given, { target, readOnly }, place);
    case "tmpfs": {
      if (source !== undefined) return place.at("source").invalid("can't be the source of a tmpfs");
      const size = normalizeSize(given.tmpfs?.size, place.at("tmpfs", "size"));
      const mode = normalizeMode(given.tmpfs?.mode, place.at("tmpfs", "mode"));
      return compact<Extract<Mount, { kind: "tmpfs" }>>({ kind: "tmpfs", target, readOnly, size, mode });
    }
  }
}

function imageMount(given: LongMount, shared: { target: string; readOnly: boolean }, place: Place): Mount | undefined {
  const { source } = given;
  if (source === undefined) {
    if (!place.has("source")) place.errorAtKey({ code: "missing-key", message: "an image mount needs a `source`" });
    return undefined;
  }
  const at = place.at("source");
  if (place.scope.declared.images.has(source))
    return at.invalid("is an image of this project, which can't be mounted yet", "name one by its reference");
  const reference = parseImageReference(source);
  if (!reference) return at.invalid("is no image reference", referenceHint(source) ?? "write it as `name:tag`");
  const { subpath } = given.image ?? {};
  if (subpath !== undefined && (subpath.startsWith("/") || subpath.split("/").includes("..")))
    return place.at("image", "subpath").invalid("is no path within the image", "write it without a leading `/`");
  return compact<Extract<Mount, { kind: "image" }>>({
    kind: "image",
    image: withTag(reference),
    ...shared,
    subpath,
    at: place.entry(),
  });
}

function guessedType({ source, bind, tmpfs, image }: LongMount): "bind" | "tmpfs" | "volume" | "image" {
  if (bind || (source !== undefined && isPath(source))) return "bind";
  if (image) return "image";
  return tmpfs ? "tmpfs" : "volume";
}

function longBind(given: LongMount, shared: { target: string; readOnly: boolean }, place: Place): Mount | undefined {
  const { propagation, selinux, create_host_path: createHostPath = false } = given.bind ?? {};
  if (given.source !== undefined)
    return bindMount({ ...shared, source: given.source, createHostPath, propagation, selinux }, place);
  if (!place.has("source")) place.errorAtKey({ code: "missing-key", message: "a bind mount needs a `source`" });
  return undefined;
}
