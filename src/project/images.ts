import { isAbsolute, relative, resolve } from "node:path";
import type { Image as FileImage } from "./file.gen.ts";
import { quote } from "./findings.ts";
import { normalizeHosts, normalizeStrings } from "./host-names.ts";
import { parseImageReference, referenceHint, withTag } from "./image-reference.ts";
import { normalizeArgs, normalizeLabels } from "./key-values.ts";
import type { BuildContext, DockerfileSource, Image, NamedContext } from "./model.ts";
import { normalizeSize, normalizeUlimits } from "./quantities.ts";
import {
  checkName,
  compact,
  hostPath,
  IMAGE_NAME,
  invalid,
  items,
  members,
  notSupportedYet,
  record,
  type Scope,
} from "./scope.ts";
import type { Path } from "./tree.ts";

/** An image under a key of `images`, or in place under a service's `build` with the tag that the service's `image` gives. */
export function normalizeImage(
  given: FileImage,
  path: Path,
  { key, tag, scope }: { key: string; tag?: string; scope: Scope },
): Image {
  const file = typeof given === "string" ? { context: given } : given;
  const at = (name: string): Path => [...path, name];
  checkImageName(key, path, scope);
  const context = buildContext(file.context ?? ".", scope);
  checkOutput(file.output, at("output"), scope);
  return compact<Image>({
    key,
    context,
    dockerfile: dockerfileOf(file, context, { path, scope }),
    target: file.target,
    args: normalizeArgs(file.args, at("args"), scope),
    tags: tagsOf(file.tags, at("tags"), { key, tag, scope }),
    labels: normalizeLabels(file.labels, at("labels"), scope),
    platforms: platformsOf(file.platforms, at("platforms"), scope),
    contexts: record(namedContexts(file.contexts, at("contexts"), scope)),
    noCache: file.no_cache ?? false,
    noCacheFilter: normalizeStrings(file.no_cache_filter),
    pull: file.pull ?? false,
    network: file.network,
    extraHosts: normalizeHosts(file.extra_hosts, at("extra_hosts"), scope),
    shmSize: normalizeSize(file.shm_size, at("shm_size"), scope),
    ulimits: normalizeUlimits(file.ulimits, at("ulimits"), scope),
    at: scope.findings.at(path),
  });
}

type ImageMap = Exclude<FileImage, string>;

/** Keys become parts of repositories: of the default tag and of the tag for inputs. */
function checkImageName(key: string, path: Path, scope: Scope): void {
  const isInline = path.at(-1) === "build";
  if (!isInline && !checkName(scope, path, IMAGE_NAME)) return;
  const repository = `${scope.projectName}-${key}`;
  if (isInline && !IMAGE_NAME.pattern.test(key)) return;
  if (parseImageReference(repository)) return;
  const hint = "let the key end in a letter or digit, without `..`, `.-` or `_-`";
  scope.findings.errorAtKey(path, {
    code: "invalid-name",
    message: `${quote(key)} can't be part of an image's name`,
    hint,
  });
}

/** A directory, unless it is what `docker build` takes for a URL. */
function buildContext(text: string, scope: Scope): BuildContext {
  return isUrl(text) ? { kind: "url", url: text } : { kind: "directory", path: hostPath(text, scope) };
}

function isUrl(text: string): boolean {
  return /^(https?|git|ssh):\/\//.test(text) || text.startsWith("git@") || text.startsWith("github.com/");
}

function dockerfileOf(
  file: ImageMap,
  context: BuildContext,
  { path, scope }: { path: Path; scope: Scope },
): DockerfileSource {
  if (file.dockerfile_inline !== undefined) {
    if (file.dockerfile !== undefined) {
      const message = "`dockerfile` and `dockerfile_inline` exclude each other";
      scope.findings.errorAtKey([...path, "dockerfile_inline"], { code: "conflicting-keys", message });
    }
    return { kind: "inline", text: file.dockerfile_inline };
  }
  const name = file.dockerfile ?? "Dockerfile";
  if (name === "") invalid(scope, [...path, "dockerfile"], "names no file");
  if (context.kind === "url") return { kind: "file", path: name };
  const absolute = name.startsWith("~/") ? hostPath(name, scope) : resolve(context.path, name);
  const inside = relative(context.path, absolute);
  const isInside = inside !== "" && inside !== ".." && !inside.startsWith("../") && !isAbsolute(inside);
  return { kind: "file", path: isInside ? inside : absolute };
}

function tagsOf(
  given: ImageMap["tags"],
  path: Path,
  { key, tag, scope }: { key: string; tag: string | undefined; scope: Scope },
): string[] {
  const tags = new Set<string>(tag === undefined ? [] : [tag]);
  const list = typeof given === "string" ? [given] : (given ?? []);
  for (const [index, text] of items(list)) {
    const at = typeof given === "string" ? path : [...path, index];
    const reference = parseImageReference(text);
    if (!reference) invalid(scope, at, "is no valid tag", referenceHint(text) ?? "write it as `name:tag`");
    else if (reference.digest !== undefined) invalid(scope, at, "has a digest, which a tag can't have");
    else tags.add(withTag(reference));
  }
  return tags.size > 0 ? [...tags] : [`${scope.projectName}-${key}:latest`];
}

function platformsOf(given: ImageMap["platforms"], path: Path, scope: Scope): string[] {
  const platforms = normalizeStrings(given);
  for (const [index, platform] of platforms.entries()) {
    if (!/^[a-z0-9]+(\/[a-z0-9_]+){1,2}$/.test(platform))
      invalid(
        scope,
        typeof given === "string" ? path : [...path, index],
        "is no platform",
        "write it as `linux/amd64`",
      );
  }
  if (platforms.length > 1) notSupportedYet(scope, path, "more than one platform");
  return platforms;
}

function* namedContexts(given: ImageMap["contexts"], path: Path, scope: Scope): Generator<[string, NamedContext]> {
  for (const [name, text] of members(given)) {
    const context = namedContext(text, [...path, name], scope);
    if (context) yield [name, context];
  }
}

function namedContext(text: string, path: Path, scope: Scope): NamedContext | undefined {
  const image = /^(image|service|target):(.*)$/.exec(text);
  if (image?.[1] === "image") {
    const key = image[2] ?? "";
    if (scope.declared.images.has(key)) return { kind: "image", key };
    scope.findings.error(path, {
      code: "unknown-image",
      message: `${scope.findings.written(path)} names an image that is not in \`images\``,
    });
    return undefined;
  }
  if (image) return invalid(scope, path, "is no named context", "write `image:<key>` for an image of this file");
  if (text.startsWith("docker-image://")) {
    const reference = parseImageReference(text.slice("docker-image://".length));
    return reference
      ? { kind: "reference", ref: withTag(reference) }
      : invalid(scope, path, "holds no image reference");
  }
  if (text.startsWith("oci-layout://")) return notSupportedYet(scope, path, "an `oci-layout://` context");
  return buildContext(text, scope);
}

function checkOutput(given: ImageMap["output"], path: Path, scope: Scope): void {
  const outputs = Array.isArray(given) ? [...items(given)] : given === undefined ? [] : [[undefined, given] as const];
  for (const [index, output] of outputs) {
    const at = index === undefined ? path : [...path, index];
    const type = typeof output === "string" ? output : output.type;
    if (type === "image" && (typeof output === "string" || output.dest === undefined)) continue;
    if (["image", "local", "tar", "oci"].includes(type)) notSupportedYet(scope, at, "any `output` but `image`");
    else invalid(scope, at, "is no output", "use `image`, `local`, `tar` or `oci`");
  }
}
