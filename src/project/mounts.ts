import { normalize, posix } from "node:path";
import type { Mount as FileMount } from "./file.gen.ts";
import type { Mount } from "./model.ts";
import { normalizeMode, normalizeSize, parseMode } from "./quantities.ts";
import { parseByteSize } from "../std/byte-size.ts";
import { compact, hostPath, invalid, items, notSupportedYet, type Scope } from "./scope.ts";
import type { Path } from "./tree.ts";

type LongMount = Exclude<FileMount, string>;
type Bind = Extract<Mount, { kind: "bind" }>;

const PROPAGATIONS = ["private", "rprivate", "shared", "rshared", "slave", "rslave"] as const;

/** A mount and the place in the file that asks for it. */
export interface PlacedMount {
  readonly mount: Mount;
  readonly path: Path;
}

/** The mounts of a list, short and long forms. */
export function normalizeMounts(given: readonly FileMount[] | undefined, path: Path, scope: Scope): PlacedMount[] {
  const mounts: PlacedMount[] = [];
  for (const [index, item] of items(given)) {
    const at = [...path, index];
    const mount = typeof item === "string" ? shortMount(item, at, scope) : longMount(item, at, scope);
    if (mount) mounts.push({ mount, path: at });
  }
  return mounts;
}

/** `/path` or `/path:size=64m,mode=1777`, as `docker run --tmpfs` takes it. */
export function normalizeTmpfs(text: string, path: Path, scope: Scope): Mount | undefined {
  const colon = text.indexOf(":");
  const target = containerPath(colon < 0 ? text : text.slice(0, colon), path, scope);
  if (target === undefined) return undefined;
  let size: number | undefined;
  let mode: number | undefined;
  let readOnly = false;
  for (const option of colon < 0 ? [] : text.slice(colon + 1).split(",")) {
    const [name = "", value = ""] = option.split("=", 2);
    if (name === "size" && parseByteSize(value) !== undefined) size = parseByteSize(value);
    else if (name === "mode" && parseMode(value) !== undefined) mode = parseMode(value);
    else if (option === "ro" || option === "rw") readOnly = option === "ro";
    else return invalid(scope, path, "has a tmpfs option that can't be used", "use `size=64m`, `mode=1777` or `ro`");
  }
  return compact<Extract<Mount, { kind: "tmpfs" }>>({ kind: "tmpfs", target, readOnly, size, mode });
}

function shortMount(text: string, path: Path, scope: Scope): Mount | undefined {
  const parts = text.split(":");
  if (parts.length > 3)
    return invalid(scope, path, "is no mount: it has more than three parts", "write `SOURCE:TARGET:OPTIONS`");
  const [first = "", second] = parts;
  const target = containerPath(second ?? first, path, scope);
  if (target === undefined) return undefined;
  const options = readOptions(parts[2], path, scope);
  if (!options) return undefined;
  if (second === undefined) return { kind: "anonymous", target, readOnly: false, noCopy: false };
  if (/^[./~]/.test(first)) {
    if (options.noCopy) return invalid(scope, path, "is a bind, which can't have `nocopy`");
    const bind = {
      source: first,
      target,
      readOnly: options.readOnly,
      createHostPath: false,
      propagation: options.propagation,
    };
    return bindMount(bind, path, scope);
  }
  if (options.propagation) return invalid(scope, path, "is a volume, which can't have a propagation");
  if (first === "") return invalid(scope, path, "has no source", "leave out the `:` for an anonymous volume");
  if (!declaredVolume(first, path, scope)) return undefined;
  return { kind: "volume", volume: first, target, readOnly: options.readOnly, noCopy: options.noCopy };
}

interface Options {
  readonly readOnly: boolean;
  readonly noCopy: boolean;
  readonly propagation: Bind["propagation"];
}

function readOptions(text: string | undefined, path: Path, scope: Scope): Options | undefined {
  let readOnly = false;
  let noCopy = false;
  let propagation: Bind["propagation"];
  for (const option of text === undefined ? [] : text.split(",")) {
    const shared = PROPAGATIONS.find((name) => name === option);
    if (option === "ro" || option === "rw") readOnly = option === "ro";
    else if (option === "nocopy") noCopy = true;
    else if (shared) propagation = shared;
    else if (option === "z" || option === "Z") return notSupportedYet(scope, path, `the mount option \`${option}\``);
    // Hints for Docker Desktop; engines ignore them.
    else if (!["cached", "delegated", "consistent"].includes(option))
      return invalid(scope, path, "has an unknown mount option", "use `ro`, `rw`, `nocopy` or a propagation");
  }
  return { readOnly, noCopy, propagation };
}

function longMount(given: LongMount, path: Path, scope: Scope): Mount | undefined {
  const { source } = given;
  const type = given.type ?? (source !== undefined && /^[./~]/.test(source) ? "bind" : "volume");
  if (type === "image") return notSupportedYet(scope, [...path, "type"], "a mount of type `image`");
  for (const other of ["bind", "volume", "tmpfs"] as const) {
    if (other === type || given[other] === undefined) continue;
    scope.findings.errorAtKey([...path, other], {
      code: "conflicting-keys",
      message: `\`${other}\` has no meaning for a mount of type \`${type}\``,
    });
  }
  const target = containerPath(given.target, [...path, "target"], scope);
  if (target === undefined) return undefined;
  const readOnly = given.read_only ?? false;
  if (type === "tmpfs") {
    if (source !== undefined) return invalid(scope, [...path, "source"], "can't be the source of a tmpfs");
    const size = normalizeSize(given.tmpfs?.size, [...path, "tmpfs", "size"], scope);
    const mode = normalizeMode(given.tmpfs?.mode, [...path, "tmpfs", "mode"], scope);
    return compact<Extract<Mount, { kind: "tmpfs" }>>({ kind: "tmpfs", target, readOnly, size, mode });
  }
  if (type === "bind") {
    const { propagation, create_host_path: createHostPath = false } = given.bind ?? {};
    if (source !== undefined) return bindMount({ source, target, readOnly, createHostPath, propagation }, path, scope);
    scope.findings.errorAtKey(path, { code: "missing-key", message: "a bind mount needs a `source`" });
    return undefined;
  }
  const noCopy = given.volume?.nocopy ?? false;
  if (source === undefined) return { kind: "anonymous", target, readOnly, noCopy };
  if (!declaredVolume(source, [...path, "source"], scope)) return undefined;
  return compact<Extract<Mount, { kind: "volume" }>>({
    kind: "volume",
    volume: source,
    target,
    readOnly,
    noCopy,
    subpath: given.volume?.subpath,
  });
}

function bindMount(
  given: Pick<Bind, "target" | "readOnly" | "createHostPath"> & { source: string; propagation: Bind["propagation"] },
  path: Path,
  scope: Scope,
): Bind {
  const source = hostPath(given.source, scope);
  const risk = riskOf(source, scope.home);
  if (risk !== undefined)
    scope.findings.warning(path, { code: "risky-mount", message: `this mount gives the container ${risk}` });
  return compact<Bind>({ ...given, kind: "bind", source, at: scope.findings.at(path) });
}

function riskOf(source: string, home: string | undefined): string | undefined {
  if (source === "/") return "the whole machine";
  if (source === "/etc" || source.startsWith("/etc/passwd") || source.startsWith("/etc/shadow"))
    return "the machine's settings";
  if (/(^|\/)docker\.sock$/.test(source)) return "the engine, and with it the whole machine";
  return home !== undefined && source === normalize(home) ? "your whole home directory" : undefined;
}

/** Absolute path in the container in its shortest form, or undefined after reporting. */
export function containerPath(text: string, path: Path, scope: Scope): string | undefined {
  if (!text.startsWith("/"))
    return invalid(scope, path, "must name an absolute path in the container", "start it with `/`");
  const target = posix.normalize(text).replace(/(?<=.)\/$/, "");
  return target === "/" ? invalid(scope, path, "can't be mounted over: `/` is the container itself") : target;
}

function declaredVolume(name: string, path: Path, scope: Scope): boolean {
  if (scope.declared.volumes.has(name)) return true;
  const isName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name);
  const hint = isName ? "declare it under `volumes`, or start a path with `./`" : "start a path with `./`";
  const message = isName
    ? `${scope.findings.written(path)} names a volume that is not declared`
    : `${scope.findings.written(path)} has a source that is no name of a volume`;
  scope.findings.error(path, { code: "unknown-volume", message, hint });
  return false;
}

/** The mounts of one container; two at one place are an error that names both. */
export function withDistinctTargets(placed: readonly PlacedMount[], scope: Scope): Mount[] {
  const seen = new Map<string, Path>();
  for (const { mount, path } of placed) {
    const first = seen.get(mount.target);
    if (!first) seen.set(mount.target, path);
    else {
      const related = [{ message: "the other mount", at: scope.findings.valueAt(first) }];
      scope.findings.error(path, {
        code: "duplicate-mount",
        message: "another mount has the same place in the container",
        related,
      });
    }
  }
  return placed.map(({ mount }) => mount);
}
