import type { Mount } from "./connection-model.ts";
import { hostPath, type Place } from "./place.ts";
import { compact } from "./plain-data.ts";
import { bindRisk } from "./risks.ts";

type Bind = Extract<Mount, { kind: "bind" }>;
type VolumeMount = Extract<Mount, { kind: "volume" }>;

/** How mounts below a bind are shared. */
export type Propagation = NonNullable<Bind["propagation"]>;

/** True for a source that is a path of this machine, as `docker run --volume` tells it from a volume's name. */
export function isPath(source: string): boolean {
  return /^[./~]/.test(source);
}

/** A bind with an absolute source. One that gives the container the whole machine is warned about. */
export function bindMount(
  given: Omit<Bind, "kind" | "propagation" | "selinux" | "at"> & {
    readonly propagation: Propagation | undefined;
    readonly selinux: Bind["selinux"] | undefined;
  },
  place: Place,
): Bind {
  const source = hostPath(given.source, place);
  if (given.selinux !== undefined && (source.includes(":") || given.target.includes(":"))) {
    const message = "a mount with an SELinux label can't have a `:` in its paths: the engine splits them there";
    place.error({ code: "invalid-value", message });
  }
  const risk = bindRisk({ ...given, source }, place.scope.home);
  if (risk !== undefined) place.warning(risk);
  return compact<Bind>({ ...given, kind: "bind", source, at: place.entry() });
}

/** A mount of a volume that the file declares; undefined after reporting one that it doesn't. */
export function volumeMount(
  given: Omit<VolumeMount, "kind" | "subpath"> & { readonly subpath: string | undefined },
  place: Place,
): VolumeMount | undefined {
  const { volume } = given;
  if (place.scope.declared.volumes.has(volume)) return compact<VolumeMount>({ ...given, kind: "volume" });
  const isName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(volume);
  const { findings, declared } = place.scope;
  const better = findings.suggest(volume, declared.volumes);
  const hint = better ?? (isName ? "declare it under `volumes`, or start a path with `./`" : "start a path with `./`");
  const problem = isName ? "names a volume that is not declared" : "has a source that is no name of a volume";
  place.error({ code: "unknown-volume", message: `${place.written()} ${problem}`, hint });
  return undefined;
}
