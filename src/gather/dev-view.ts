import { stat } from "node:fs/promises";
import type { DevView } from "../dockerfile/hidden.ts";
import { allMounts, type EffectiveService, effectiveService } from "../plan/mode.ts";
import type { Image } from "../project/image-model.ts";
import type { Project } from "../project/model.ts";
import { ruleTakes, ruleTarget } from "./watch-rule.ts";
import type { Dockerfiles } from "./dockerfiles.ts";

/**
 * What every user of an image shows over its files in dev mode, without the links; undefined where not only service
 * containers use it (spec §3, condition a): another image starts or copies from it, or nobody runs it.
 */
export async function devView(
  project: Project,
  key: string,
  dockerfiles: Dockerfiles,
): Promise<Omit<DevView, "links"> | undefined> {
  const services = Object.values(project.services).map((service) => effectiveService(service, "dev"));
  const users = services.filter(({ image }) => image.kind === "built" && image.key === key);
  if (users.length === 0 || isPartOfAnother(project, key, dockerfiles)) return undefined;
  const binds = await commonBinds(users);
  const synced = commonSyncs(users, project.images[key]);
  if (binds.length === 0 && !synced) return undefined;
  const common = new Set(binds.map((bind) => bind.target));
  const others = users
    .flatMap((user) => allMounts(user).map((mount) => mount.target))
    .filter((target) => !common.has(target));
  return { binds, otherMounts: [...new Set(others)], ...synced };
}

/** Where sync rules of all users keep the paths of a context, each at one and the same place; undefined where no rule syncs. */
function commonSyncs(
  users: readonly EffectiveService[],
  image: Image | undefined,
): Pick<DevView, "synced" | "syncRoots"> | undefined {
  if (image?.context.kind !== "directory") return undefined;
  const root = image.context.path;
  const rules = users.map(({ dev }) => dev?.watch ?? []);
  const syncRoots = [...new Set(rules.flat().flatMap(({ target }) => target ?? []))];
  if (syncRoots.length === 0) return undefined;
  const synced = (path: string): string | undefined => {
    const file = `${root}/${path}`;
    const places = rules.map((own) => {
      const rule = own.find((candidate) => ruleTakes(candidate, file));
      return rule?.target === undefined ? undefined : ruleTarget(rule, file);
    });
    return places.every((place) => place === places[0]) ? places[0] : undefined;
  };
  return { synced, syncRoots };
}

function isPartOfAnother(project: Project, key: string, dockerfiles: Dockerfiles): boolean {
  return Object.values(project.images).some((other) => {
    if (other.key === key) return false;
    if (Object.values(other.contexts).some((context) => context.kind === "image" && context.key === key)) return true;
    const file = dockerfiles.get(other.key);
    // What nobody could read may start from anything.
    return !file || file.references.some((reference) => reference.kind === "image" && reference.key === key);
  });
}

async function commonBinds(users: readonly EffectiveService[]): Promise<DevView["binds"]> {
  const [first, ...others] = users.map((user) =>
    user.devMounts.flatMap((mount) => (mount.kind === "bind" ? [mount] : [])),
  );
  const common = (first ?? []).filter((bind) =>
    others.every((binds) => binds.some((other) => other.target === bind.target)),
  );
  return Promise.all(
    common.map(async ({ target, source }) => ({
      target,
      kind: (await stat(source)).isDirectory() ? ("directory" as const) : ("file" as const),
    })),
  );
}
