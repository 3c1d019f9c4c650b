import type { Mount } from "../project/connection-model.ts";
import { compareText } from "../std/digest.ts";
import type { MountBody } from "./container-body.ts";
import { allMounts, type EffectiveService } from "./mode.ts";
import { type ContainerWish, type EngineNeed, list, row, type Row } from "./row.ts";
import type { SpecValue } from "./spec-value.ts";

/** What a container finds in its file system besides its image. Dev volumes and carried ones are added where it is created. */
export const MOUNT_ROWS: Readonly<Record<string, Row<SpecValue>>> = {
  mounts: row<Readonly<Record<string, MountSpec>>>(
    (wish) => {
      const mounts = allMounts(wish.service).filter((mount) => mount.kind !== "anonymous" || !isDevMount(wish, mount));
      return mounts.length > 0 ? mountSpecs(wish, mounts) : undefined;
    },
    (body, value) => {
      const mounts = Object.values(value);
      body.HostConfig.Mounts = mounts.filter(({ selinux }) => selinux === undefined).map((mount) => mountBody(mount));
      // The long form has no word for SELinux.
      const labeled = mounts.filter(({ selinux }) => selinux !== undefined).map((mount) => bindText(mount));
      if (labeled.length > 0) body.HostConfig.Binds = labeled;
    },
    { needs: (value) => Object.values(value).flatMap((mount) => mountNeed(mount) ?? [])[0] },
  ),
  devVolumes: row<readonly string[]>(
    (wish) => list(devTargets(wish.service)),
    () => undefined,
  ),
};

/** Container paths of the anonymous volumes that `dev.mounts` declares. */
export function devTargets(service: EffectiveService): readonly string[] {
  return service.devMounts.flatMap((mount) => (mount.kind === "anonymous" ? [mount.target] : [])).sort(compareText);
}

function isDevMount(wish: ContainerWish, mount: Mount): boolean {
  return wish.service.devMounts.includes(mount);
}

/** Members of a mount in the canonical spec; which are there depends on its type, absent ones are defaults. */
type MountSpec = Readonly<Record<string, string | number | boolean>>;

/** Mounts by target. */
function mountSpecs(wish: ContainerWish, mounts: readonly Mount[]): Readonly<Record<string, MountSpec>> {
  return Object.fromEntries(
    mounts.toSorted((a, b) => compareText(a.target, b.target)).map((mount) => [mount.target, mountSpec(wish, mount)]),
  );
}

function mountSpec(wish: ContainerWish, mount: Mount): MountSpec {
  const common = { type: mount.kind, target: mount.target, ...(mount.readOnly ? { readOnly: true } : {}) };
  switch (mount.kind) {
    case "bind":
      return {
        ...common,
        source: mount.source,
        ...(mount.propagation === undefined ? {} : { propagation: mount.propagation }),
        ...(mount.selinux === undefined ? {} : { selinux: mount.selinux }),
      };
    case "volume":
      return {
        ...common,
        source: wish.volumeNames[mount.volume] ?? mount.volume,
        ...(mount.noCopy ? { noCopy: true } : {}),
        ...(mount.subpath === undefined ? {} : { subpath: mount.subpath }),
      };
    case "image":
      return {
        ...common,
        source: mount.image,
        ...(mount.subpath === undefined ? {} : { subpath: mount.subpath }),
      };
    case "anonymous":
      return { ...common, ...(mount.noCopy ? { noCopy: true } : {}) };
    case "tmpfs":
      return {
        ...common,
        ...(mount.size === undefined ? {} : { size: mount.size }),
        ...(mount.mode === undefined ? {} : { mode: mount.mode }),
      };
  }
}

function mountBody(mount: MountSpec): MountBody {
  const common = { Target: String(mount["target"]), ReadOnly: mount["readOnly"] === true };
  const source = mount["source"] === undefined ? {} : { Source: String(mount["source"]) };
  switch (mount["type"]) {
    case "bind":
      return {
        ...common,
        ...source,
        Type: "bind",
        BindOptions: mount["propagation"] === undefined ? {} : { Propagation: String(mount["propagation"]) },
      };
    case "tmpfs":
      return {
        ...common,
        Type: "tmpfs",
        TmpfsOptions: {
          ...(mount["size"] === undefined ? {} : { SizeBytes: Number(mount["size"]) }),
          ...(mount["mode"] === undefined ? {} : { Mode: Number(mount["mode"]) }),
        },
      };
    case "image":
      return {
        ...common,
        ...source,
        Type: "image",
        ...(mount["subpath"] === undefined ? {} : { ImageOptions: { Subpath: String(mount["subpath"]) } }),
      };
    default:
      return {
        ...common,
        ...source,
        Type: "volume",
        VolumeOptions: {
          ...(mount["noCopy"] === true ? { NoCopy: true } : {}),
          ...(mount["subpath"] === undefined ? {} : { Subpath: String(mount["subpath"]) }),
        },
      };
  }
}

/** A bind in the short form. */
function bindText(mount: MountSpec): string {
  const options = [mount["readOnly"] === true ? "ro" : "rw", mount["selinux"], mount["propagation"]];
  return `${mount["source"]}:${mount["target"]}:${options.filter((option) => option !== undefined).join(",")}`;
}

function mountNeed(mount: MountSpec): EngineNeed | undefined {
  const hasSubpath = mount["subpath"] !== undefined;
  if (mount["type"] === "image") {
    return { api: "1.48", release: "28", what: `the image mounted at ${mount["target"]}` };
  }
  return mount["type"] === "volume" && hasSubpath
    ? { api: "1.45", release: "26", what: `the \`subpath\` of the volume at ${mount["target"]}` }
    : undefined;
}
