import { lstatSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { PatternList } from "../context/ignore.ts";
import { IGNORE_NOTHING, type IgnoreFile, loadIgnore } from "../context/load-ignore.ts";
import { DockError } from "../error.ts";
import { effectiveService, type EffectiveService } from "../plan/mode.ts";
import type { Image } from "../project/image-model.ts";
import type { Claim } from "./coverage.ts";
import { pathBelow } from "../std/path-below.ts";
import type { Facts } from "./facts.ts";
import { grantedFiles } from "./rules.ts";
import { countedFiles, dockerfilePath } from "./significance.ts";
import { ruleTakes } from "../gather/watch-rule.ts";

type Tree = Extract<Claim["what"], { kind: "tree" }>;

/**
 * What has to be watched for a project: the files that make it, the build contexts of its images, what dev binds show,
 * and what rules name. Trees that can't matter are left out before anybody enters them: `.git`, what an ignore file
 * keeps from the build, `node_modules` in a dev bind (unless an image takes it in), and what another mount covers.
 */
export function readClaims(facts: Facts): readonly Claim[] {
  const images = [...facts.images].flatMap((key) => facts.project.images[key] ?? []);
  const services = facts.services.flatMap((key) => facts.project.services[key] ?? []);
  const dev = facts.mode === "dev" ? services : [];
  const ignores = new Map(images.map((image) => [image.key, ignoreOf(image)]));
  const modules = countedFiles(facts).flatMap((path) => /^.*?\/node_modules(?=\/)/.exec(path)?.[0] ?? []);
  const counted = [...new Set(modules)].join(" ");
  return [
    ...fileClaims([
      ...facts.files,
      ...services.flatMap((service) => service.envFiles.map((file) => file.path)),
      ...grantedFiles(facts).map(({ path }) => path),
    ]),
    ...images.flatMap((image) => imageClaims(facts, image, ignores.get(image.key) ?? IGNORE_NOTHING)),
    ...dev.flatMap((service) => {
      const effective = effectiveService(service, "dev");
      const image = effective.image.kind === "built" ? facts.project.images[effective.image.key] : undefined;
      const ignored = image ? ignoredBy(image, ignores.get(image.key) ?? IGNORE_NOTHING) : () => false;
      return [...bindClaims(facts, effective, ignored), ...ruleClaims(facts, effective, ignored)];
    }),
  ].map((claim) => ({ ...claim, key: `${claim.key} ${counted}` }));
}

/** What has to be looked at to know what the sync rules of services want in their containers. */
export function readSyncClaims(facts: Facts): readonly Claim[] {
  return facts.services.flatMap((key) => {
    const service = facts.project.services[key];
    return service ? ruleClaims(facts, effectiveService(service, "dev"), () => false) : [];
  });
}

function imageClaims(facts: Facts, image: Image, ignore: IgnoreFile): readonly Claim[] {
  if (image.context.kind !== "directory") return [];
  const { path } = image.context;
  const dockerfile = dockerfilePath(image);
  const files = fileClaims([
    join(path, ".dockerignore"),
    ...(dockerfile === undefined ? [] : [dockerfile, `${dockerfile}.dockerignore`]),
  ]);
  const ignored = ignoredBy(image, ignore);
  const context = treeClaims(path, `context ${ignore.text}`, {
    prunes: (directory) => isRepository(directory) || ignored(directory) || isHostModules(facts, directory),
    leavesOut: (file) => ignore.patterns.match(pathBelow(path, file) ?? "").matched,
  });
  const named = Object.values(image.contexts).flatMap((other) => {
    if (other.kind !== "directory") return [];
    const patterns = readIgnore(other.path, undefined);
    return treeClaims(other.path, `context ${patterns.text}`, {
      prunes: (directory) => isRepository(directory) || keepsOut(patterns.patterns, pathBelow(other.path, directory)),
      leavesOut: (file) => patterns.patterns.match(pathBelow(other.path, file) ?? "").matched,
    });
  });
  return [...files, ...context, ...named];
}

function bindClaims(
  facts: Facts,
  service: EffectiveService,
  ignored: (directory: string) => boolean,
): readonly Claim[] {
  return service.devMounts.flatMap((bind) => {
    if (bind.kind !== "bind") return [];
    const covered = [...service.mounts, ...service.devMounts].flatMap(
      ({ target }) => pathBelow(bind.target, target) || [],
    );
    return treeClaims(
      bind.source,
      `bind ${covered.join(" ")} ${service.image.kind === "built" ? service.image.key : ""}`,
      {
        prunes: (directory) =>
          isRepository(directory) ||
          (ignored(directory) && !ignored(bind.source)) ||
          isHostModules(facts, directory) ||
          covered.some((inner) => join(bind.source, inner) === directory && !isCounted(facts, directory)),
        leavesOut: () => false,
      },
    );
  });
}

function ruleClaims(
  facts: Facts,
  service: EffectiveService,
  ignored: (directory: string) => boolean,
): readonly Claim[] {
  return (service.dev?.watch ?? []).flatMap((rule) => {
    const key = `rule ${JSON.stringify([rule.include, rule.ignore])} ${service.image.kind === "built" ? service.image.key : ""}`;
    return treeClaims(rule.path, key, {
      prunes: (directory) =>
        isRepository(directory) ||
        (ignored(directory) && !ignored(rule.path)) ||
        (isHostModules(facts, directory) && !isHostModules(facts, rule.path)),
      leavesOut: (file) => !ruleTakes(rule, file),
    });
  });
}

/** Claims for a tree, or for the one file that its root is. One that is not there may become either. */
function treeClaims(root: string, key: string, what: Omit<Tree, "kind">): readonly Claim[] {
  const found = statSync(root, { throwIfNoEntry: false });
  const linked = lstatSync(root, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  const tree: Claim = { key: `${root} ${key}`, root, linked, what: { kind: "tree", ...what } };
  if (found?.isDirectory()) return [tree];
  return found ? fileClaims([root]) : [tree, ...fileClaims([root])];
}

function fileClaims(paths: readonly string[]): readonly Claim[] {
  return paths.map((path) => ({
    key: `${path} file`,
    root: dirname(path),
    what: { kind: "files", names: new Set([basename(path)]) },
  }));
}

function ignoreOf(image: Image): IgnoreFile {
  return image.context.kind === "directory" ? readIgnore(image.context.path, dockerfilePath(image)) : IGNORE_NOTHING;
}

/** One that can't be understood keeps nothing out here: the next build says what is wrong with it. */
function readIgnore(context: string, dockerfile: string | undefined): IgnoreFile {
  try {
    return loadIgnore(context, dockerfile);
  } catch (error) {
    if (!(error instanceof DockError)) throw error;
    return IGNORE_NOTHING;
  }
}

function ignoredBy(image: Image, { patterns }: IgnoreFile): (directory: string) => boolean {
  const { context } = image;
  return (directory) => context.kind === "directory" && keepsOut(patterns, pathBelow(context.path, directory));
}

/** Whether patterns keep a directory out with all below: they match it and no exception can lead into it. */
function keepsOut(patterns: PatternList, path: string | undefined): boolean {
  if (path === undefined || path === "" || !patterns.match(path).matched) return false;
  return patterns.patterns.every(({ text, exception }) => {
    const fixed = /^[^*?[\]\\]*/.exec(text)?.[0] ?? "";
    const mayLeadInto =
      fixed === text ? text.startsWith(`${path}/`) : fixed.startsWith(`${path}/`) || `${path}/`.startsWith(fixed);
    return !exception || !mayLeadInto;
  });
}

function isRepository(directory: string): boolean {
  return basename(directory) === ".git";
}

/** The host's own `node_modules` under a dev bind: nobody edits it, and it may be larger than all the rest. */
function isHostModules(facts: Facts, directory: string): boolean {
  if (facts.mode !== "dev" || basename(directory) !== "node_modules") return false;
  const bound = Object.values(facts.project.services).some(({ dev }) =>
    dev?.mounts.some((mount) => mount.kind === "bind" && pathBelow(mount.source, directory) !== undefined),
  );
  return bound && !isCounted(facts, directory);
}

/** Whether an image takes in anything below a directory. */
function isCounted(facts: Facts, directory: string): boolean {
  return countedFiles(facts).some((path) => pathBelow(directory, path));
}
