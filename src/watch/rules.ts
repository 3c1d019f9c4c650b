import { posix } from "node:path";
import type { Inputs } from "../plan/inputs.ts";
import { type EffectiveService, effectiveService } from "../plan/mode.ts";
import type { Reload, WatchRule } from "../project/dev-model.ts";
import { pathBelow } from "../std/path-below.ts";
import type { Facts } from "./facts.ts";
import { significance } from "./significance.ts";
import type { FileChange } from "./snapshot.ts";
import { rulePlace, ruleTakes, ruleTarget } from "../gather/watch-rule.ts";

/** What a changed place asks for, and why. */
export type Decision = Action & {
  /** A clause whose subject is the file: "is an input of image api". */
  readonly why: string;
};

type Action =
  /** Read the project again and apply the difference. */
  | { readonly kind: "reload" }
  | { readonly kind: "rebuild"; readonly image: string; readonly services: readonly string[] }
  /** Copy it into the service's containers, at `target`. */
  | { readonly kind: "sync"; readonly service: string; readonly target: string; readonly restart: boolean }
  | { readonly kind: "restart"; readonly service: string }
  | { readonly kind: "signal"; readonly service: string; readonly signal: string }
  | { readonly kind: "exec"; readonly service: string; readonly command: readonly string[] }
  /** The service's containers see it already. */
  | { readonly kind: "live"; readonly service: string }
  | { readonly kind: "ignore" }
  /** The image's inputs have to be gathered again to know. */
  | { readonly kind: "unknown"; readonly image: string };

/**
 * What a change asks for (spec §4): the first that holds of the project's files, and then for each service on its own
 * its explicit rules, the inputs of its image, its dev binds. Never empty; `unknown` only without `fresh` inputs.
 */
export function decide(change: FileChange, facts: Facts, fresh?: Inputs): readonly Decision[] {
  const { path } = change;
  const read = projectFile(path, facts);
  if (read !== undefined) return [{ kind: "reload", why: read }];
  const decisions = facts.services.flatMap((key) => forService(change, key, { facts, fresh }));
  const distinct = new Map(decisions.map((decision) => [JSON.stringify(decision), decision]));
  if (distinct.size > 0) return [...distinct.values()];
  return [{ kind: "ignore", why: "belongs to no rule, image or dev mount" }];
}

/** Whether saving it makes the project another one. */
function projectFile(path: string, { project, services, files }: Facts): string | undefined {
  if (path === project.file) return "is the project file";
  if (files.includes(path)) return "is read by the project file";
  const service = services.find((key) => project.services[key]?.envFiles.some((file) => file.path === path));
  if (service !== undefined) return `is an env_file of ${service}`;
  const granted = grantedFiles({ project, services }).find((file) => file.path === path);
  return granted && `is the content of ${granted.kind}.${granted.key}`;
}

/** The files that secrets and configs of the services in play are made from. */
export function grantedFiles({ project, services }: Pick<Facts, "project" | "services">): readonly {
  readonly kind: "secrets" | "configs";
  readonly key: string;
  readonly path: string;
}[] {
  return (["secrets", "configs"] as const).flatMap((kind) => {
    const keys = new Set(services.flatMap((key) => project.services[key]?.[kind].map(({ source }) => source) ?? []));
    return [...keys].flatMap((key) => {
      const content = project[kind][key]?.content;
      return content?.kind === "file" ? [{ kind, key, path: content.path }] : [];
    });
  });
}

function forService(
  change: FileChange,
  key: string,
  of: { readonly facts: Facts; readonly fresh: Inputs | undefined },
): readonly Decision[] {
  const declared = of.facts.project.services[key];
  if (!declared) return [];
  const service = effectiveService(declared, of.facts.mode);
  const rules = of.facts.mode === "dev" ? (declared.dev?.watch ?? []) : [];
  const rule = rules.find((candidate) => ruleTakes(candidate, change.path));
  if (rule) return byRule(change, rule, { service, ...of });
  const images = byImages(change, service, of);
  if (images.length > 0) return images;
  return byMounts(change, service, declared.dev?.reload ?? { kind: "self" });
}

function byRule(
  change: FileChange,
  rule: WatchRule,
  of: { readonly service: EffectiveService; readonly facts: Facts },
): readonly Decision[] {
  const { service } = of;
  const why = `matches the ${rule.action} rule of ${service.key} (${rulePlace(rule)})`;
  switch (rule.action) {
    case "none":
      return [{ kind: "ignore", why }];
    case "sync":
    case "sync+restart": {
      const restart = rule.action === "sync+restart" && change.type !== "directory";
      return [{ kind: "sync", service: service.key, target: ruleTarget(rule, change.path), restart, why }];
    }
    case "rebuild":
      if (service.image.kind !== "built")
        return [{ kind: "ignore", why: `${why}, but ${service.key} runs no image of the project` }];
      return [{ kind: "rebuild", image: service.image.key, services: usersOf(service.image.key, of.facts), why }];
    case "restart":
      return change.type === "directory" ? [] : [{ kind: "restart", service: service.key, why }];
    case "exec":
      return change.type === "directory" ? [] : [{ kind: "exec", service: service.key, command: rule.exec ?? [], why }];
  }
}

/** The images that the service's containers are made of: its own, and what that is built from. */
function byImages(
  change: FileChange,
  service: EffectiveService,
  of: { readonly facts: Facts; readonly fresh: Inputs | undefined },
): readonly Decision[] {
  const { facts, fresh } = of;
  if (service.image.kind !== "built") return [];
  return [...lineage(service.image.key, facts, fresh)].flatMap((key): Decision[] => {
    const image = facts.project.images[key];
    if (!image) return [];
    const answer = significance(change, image, { facts, fresh });
    if (answer.kind === "counts")
      return [{ kind: "rebuild", image: key, services: usersOf(key, facts), why: answer.why }];
    if (answer.kind === "unknown") return [{ kind: "unknown", image: key, why: `may be an input of image ${key}` }];
    return [];
  });
}

function byMounts(change: FileChange, service: EffectiveService, reload: Reload): readonly Decision[] {
  const target = boundTarget(change.path, service);
  if (target === undefined || change.type === "directory") return [];
  const why = `is mounted at ${target} in ${service.key}`;
  switch (reload.kind) {
    case "self":
      return [{ kind: "live", service: service.key, why }];
    case "restart":
      return [{ kind: "restart", service: service.key, why }];
    case "signal":
      return [{ kind: "signal", service: service.key, signal: reload.signal, why }];
  }
}

/** Where a dev bind shows a place in the service's containers; undefined where none does, or another mount covers it. */
export function boundTarget(path: string, service: EffectiveService): string | undefined {
  const targets = [...service.mounts, ...service.devMounts].map((mount) => mount.target);
  for (const bind of service.devMounts) {
    const inner = bind.kind === "bind" ? pathBelow(bind.source, path) : undefined;
    if (inner === undefined) continue;
    const place = posix.join(bind.target, inner);
    const covered = targets.some((target) => pathBelow(bind.target, target) && pathBelow(target, place) !== undefined);
    if (!covered) return place;
  }
  return undefined;
}

/** Services in play whose containers are replaced when an image changes. */
function usersOf(image: string, facts: Facts): readonly string[] {
  return facts.services.filter((key) => {
    const declared = facts.project.services[key];
    const own = declared && effectiveService(declared, facts.mode).image;
    return own?.kind === "built" && lineage(own.key, facts, undefined).has(image);
  });
}

/** An image and all that it is built from. */
function lineage(key: string, facts: Facts, fresh: Inputs | undefined): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (image: string): void => {
    if (found.has(image)) return;
    found.add(image);
    const inputs = (fresh ?? facts.applied)?.images[image];
    for (const reference of inputs?.references ?? []) if (reference.kind === "image") visit(reference.key);
    for (const context of Object.values(facts.project.images[image]?.contexts ?? {}))
      if (context.kind === "image") visit(context.key);
  };
  visit(key);
  return found;
}
