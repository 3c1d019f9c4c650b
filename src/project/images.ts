import { isAbsolute, relative, resolve } from "node:path";
import { normalizeCaches } from "./build-caches.ts";
import { buildContext, namedContexts } from "./build-contexts.ts";
import { normalizeOutputs } from "./build-outputs.ts";
import { normalizeBuildSecrets, normalizeSsh } from "./build-secrets.ts";
import { normalizeExtraHosts } from "./extra-hosts.ts";
import type { DockFile, Image as FileImage } from "./file.gen.ts";
import { quote } from "./findings.ts";
import { parseImageReference, referenceHint, withTag } from "./image-reference.ts";
import { normalizeArgs, normalizeLabels } from "./key-values.ts";
import type { BuildContext, DockerfileSource, Image } from "./image-model.ts";
import { checkName, IMAGE_NAME } from "./names.ts";
import { hostPath, members, placeAt, strings, texts, type Place, type Scope } from "./place.ts";
import { compact, record } from "./plain-data.ts";
import { normalizeSize, normalizeUlimits } from "./quantities.ts";

/** The entries of `images`, and the images that services define in place under `build`. */
export function normalizeImages(file: DockFile, scope: Scope): Record<string, Image> {
  const images = record<Image>([]);
  for (const [key, image, place] of members(file.images, placeAt(scope, ["images"]))) {
    if (checkName(place, IMAGE_NAME)) checkRepository(place, key);
    images[key] = normalizeImage(image, { key, tag: undefined }, place);
  }
  for (const [key, service, place] of members(file.services, placeAt(scope, ["services"]))) {
    if (service.build === undefined) continue;
    const build = place.at("build");
    const other = images[key];
    if (other) {
      const related = [{ message: "the other image", at: other.at }];
      const message = `\`images\` has ${quote(key)} already`;
      build.errorAtKey({
        code: "duplicate-image",
        message,
        hint: `write \`image: ${key}\` in place of \`build\``,
        related,
      });
      continue;
    }
    checkRepository(build, key);
    const tag = service.image === undefined ? undefined : tagOf(service.image, place.at("image"));
    images[key] = normalizeImage(service.build, { key, tag }, build);
  }
  return images;
}

/** Keys become parts of repositories: of the default tag and of the tag for inputs. */
function checkRepository(place: Place, key: string): void {
  if (!IMAGE_NAME.pattern.test(key) || parseImageReference(`${place.scope.projectName}-${key}`)) return;
  const hint = "end it in a letter or digit, and put no two signs side by side";
  place.errorAtKey({ code: "invalid-name", message: `${quote(key)} can't be part of an image's name`, hint });
}

type ImageMap = Exclude<FileImage, string>;

function normalizeImage(given: FileImage, names: { key: string; tag: string | undefined }, place: Place): Image {
  const file = typeof given === "string" ? { context: given } : given;
  const context = buildContext(file.context ?? ".", typeof given === "string" ? place : place.at("context"));
  return compact<Image>({
    key: names.key,
    context,
    dockerfile: dockerfileOf(file, context, place),
    target: file.target,
    args: withSourceDate(normalizeArgs(file.args, place.at("args")), place),
    tags: tagsOf(file.tags, names, place.at("tags")),
    labels: normalizeLabels(file.labels, place.at("labels")),
    platforms: platformsOf(file.platforms, place.at("platforms")),
    contexts: namedContexts(file.contexts, place.at("contexts")),
    noCache: file.no_cache ?? false,
    noCacheFilter: texts(file.no_cache_filter, place),
    pull: file.pull ?? false,
    network: file.network,
    extraHosts: normalizeExtraHosts(file.extra_hosts, place.at("extra_hosts")),
    shmSize: normalizeSize(file.shm_size, place.at("shm_size")),
    ulimits: normalizeUlimits(file.ulimits, place.at("ulimits")),
    secrets: normalizeBuildSecrets(file.secrets, place.at("secrets")),
    ssh: normalizeSsh(file.ssh, place.at("ssh")),
    cacheFrom: normalizeCaches(file.cache_from, "from", place.at("cache_from")),
    cacheTo: normalizeCaches(file.cache_to, "to", place.at("cache_to")),
    outputs: normalizeOutputs(file.output, place.at("output")),
    entitlements: entitlementsOf(file.entitlements, place.at("entitlements")),
    provenance: attestation(file.provenance, { plain: "mode=min", keys: ["mode", "version"] }, place.at("provenance")),
    sbom: attestation(file.sbom, { plain: "", keys: ["generator"] }, place.at("sbom")),
    at: place.entry(),
  });
}

/** The time that reproducible builds put in place of the present one comes from the environment, as with other builders. */
function withSourceDate(args: Record<string, string>, { scope }: Place): Record<string, string> {
  const time = scope.lookup("SOURCE_DATE_EPOCH");
  return time === undefined || time === "" ? args : { SOURCE_DATE_EPOCH: time, ...args };
}

function dockerfileOf(file: ImageMap, context: BuildContext, place: Place): DockerfileSource {
  if (file.dockerfile_inline !== undefined) {
    if (file.dockerfile !== undefined) {
      const message = "`dockerfile` and `dockerfile_inline` exclude each other";
      place.at("dockerfile_inline").errorAtKey({ code: "conflicting-keys", message });
    }
    return { kind: "inline", text: file.dockerfile_inline };
  }
  const name = file.dockerfile ?? "Dockerfile";
  if (name === "") place.at("dockerfile").invalid("names no file");
  if (context.kind === "url") return { kind: "file", path: name };
  const absolute = name.startsWith("~/") ? hostPath(name, place) : resolve(context.path, name);
  const inside = relative(context.path, absolute);
  const isInside = inside !== "" && inside !== ".." && !inside.startsWith("../") && !isAbsolute(inside);
  return { kind: "file", path: isInside ? inside : absolute };
}

function tagsOf(
  given: ImageMap["tags"],
  { key, tag }: { key: string; tag: string | undefined },
  place: Place,
): string[] {
  const tags = new Set(tag === undefined ? [] : [tag]);
  for (const [text, at] of strings(given, place)) {
    const full = tagOf(text, at);
    if (full !== undefined) tags.add(full);
  }
  return tags.size > 0 ? [...tags] : [`${place.scope.projectName}-${key}:latest`];
}

/** A tag with its version spelled out; undefined after reporting what can't be one. */
function tagOf(text: string, place: Place): string | undefined {
  const reference = parseImageReference(text);
  if (!reference) return place.invalid("is no valid tag", referenceHint(text) ?? "write it as `name:tag`");
  if (reference.digest !== undefined) return place.invalid("has a digest, which a tag can't have");
  return withTag(reference);
}

function platformsOf(given: ImageMap["platforms"], place: Place): string[] {
  const platforms = strings(given, place).map(([platform, at]) => {
    if (!PLATFORM.test(platform)) at.invalid("is no platform", "write it as `linux/amd64`");
    return platform;
  });
  return [...new Set(platforms)];
}

/** `os/architecture[/variant]`. */
export const PLATFORM = /^[a-z0-9]+(\/[a-z0-9_]+){1,2}$/;

const ENTITLEMENTS = ["network.host", "security.insecure"];

function entitlementsOf(given: ImageMap["entitlements"], place: Place): string[] {
  return strings(given, place).flatMap(([name, at]) => {
    if (ENTITLEMENTS.includes(name)) return [name];
    at.invalid("is no privilege of a build", `the engine's builder has ${ENTITLEMENTS.map(quote).join(" and ")}`);
    return [];
  });
}

/** What the builder is told about an attestation; undefined for none. */
function attestation(
  given: boolean | string | undefined,
  { plain, keys }: { readonly plain: string; readonly keys: readonly string[] },
  place: Place,
): string | undefined {
  if (given === undefined || given === false || given === "false") return undefined;
  if (given === true || given === "true") return plain;
  const pairs = given.split(",").map((part) => part.split("="));
  if (pairs.every(([key = "", value]) => keys.includes(key) && value !== undefined)) return given;
  return place.invalid("can't be read", `use \`true\`, \`false\` or \`${keys[0] ?? ""}=…\``);
}
