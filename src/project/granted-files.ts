import { posix } from "node:path";
import { containerPath } from "./container-path.ts";
import type {
  DockFile,
  FileGrant as FileFileGrant,
  FileSource as FileFileSource,
  Service as FileService,
} from "./file.gen.ts";
import { quote } from "./findings.ts";
import type { FileGrant, Mount } from "./connection-model.ts";
import type { FileContent, GrantedFile } from "./resource-model.ts";
import { checkName, CONFIG_NAME, SECRET_NAME } from "./names.ts";
import { hostPathAt, items, members, placeAt, type Place, type Scope } from "./place.ts";
import { record } from "./plain-data.ts";
import { parseMode } from "./quantities.ts";

/** The two kinds of files that services are given; only secrets are kept out of what dock shows. */
export type GrantKind = "secrets" | "configs";

/** The secrets or configs of the file. */
export function normalizeGrantedFiles(file: DockFile, kind: GrantKind, scope: Scope): Record<string, GrantedFile> {
  const files = record<GrantedFile>([]);
  for (const [key, source, place] of members(file[kind], placeAt(scope, [kind]))) {
    checkName(place, kind === "secrets" ? SECRET_NAME : CONFIG_NAME);
    const content = contentOf(source, place);
    if (content) files[key] = { key, content, at: place.entry() };
  }
  return files;
}

const SOURCES = ["file", "environment", "content"] as const;

function contentOf(source: FileFileSource, place: Place): FileContent | undefined {
  if (source.external === true) {
    const hint = "use `file`, `environment` or `content`";
    const message = "`external` means a store that only a swarm has; dock runs on a single engine";
    place.at("external").errorAtKey({ code: "not-supported", message, hint });
    return undefined;
  }
  if (source.name !== undefined)
    place.at("name").errorAtKey({ code: "conflicting-keys", message: "`name` has no meaning without `external`" });
  const given = SOURCES.filter((key) => place.has(key));
  if (given.length !== 1) {
    const problem =
      given.length === 0 ? "has no content" : `has ${given.map(quote).join(" and ")}, which exclude each other`;
    const hint = given.length === 0 ? "give it a `file`, an `environment` variable or its `content`" : undefined;
    place.errorAtKey({
      code: given.length === 0 ? "missing-key" : "conflicting-keys",
      message: `${quote(place.key)} ${problem}`,
      hint,
    });
    return undefined;
  }
  if (source.file !== undefined)
    return { kind: "file", path: hostPathAt(source.file, place.at("file")), at: place.at("file").value() };
  if (source.content !== undefined) return { kind: "text", text: source.content };
  if (source.environment === undefined) return undefined;
  const text = place.scope.lookup(source.environment);
  if (text !== undefined) return { kind: "variable", name: source.environment, text };
  return place.at("environment").invalid("is not set", "set the variable, or use `file` or `content`");
}

/** Where a grant lands unless the file says so. */
const DIRECTORIES: Readonly<Record<GrantKind, string>> = { secrets: "/run/secrets", configs: "/" };

/** A grant and the place in the file that asks for it. */
export interface PlacedGrant {
  readonly grant: FileGrant;
  readonly place: Place;
}

/** The secrets or configs that a service is given; what is not declared is reported and left out. */
export function normalizeGrants(file: FileService, kind: GrantKind, place: Place): PlacedGrant[] {
  return items(file[kind], place.at(kind)).flatMap(([item, at]) => {
    const grant = grantOf(item, kind, at);
    return grant ? [{ grant, place: at }] : [];
  });
}

function grantOf(item: FileFileGrant, kind: GrantKind, place: Place): FileGrant | undefined {
  const given = typeof item === "string" ? { source: item } : item;
  const at = typeof item === "string" ? place : place.at("source");
  const { declared, findings } = place.scope;
  if (!declared[kind].has(given.source)) {
    const what = kind === "secrets" ? "secret" : "config";
    const hint = findings.suggest(given.source, declared[kind]) ?? `declare it under \`${kind}\``;
    at.error({ code: `unknown-${what}`, message: `${at.written()} names a ${what} that is not declared`, hint });
    return undefined;
  }
  const target =
    given.target === undefined || !given.target.includes("/")
      ? posix.join(DIRECTORIES[kind], given.target ?? given.source)
      : containerPath(given.target, place.at("target"));
  if (target === undefined) return undefined;
  return {
    source: given.source,
    target,
    uid: idOf(given.uid, place.at("uid")),
    gid: idOf(given.gid, place.at("gid")),
    mode: modeOf(given.mode, place.at("mode")),
    at: place.entry(),
  };
}

function idOf(given: string | number | undefined, place: Place): number {
  if (given === undefined) return 0;
  const text = place.text();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  place.invalid("is no number", "names of users and groups are known only inside the container: give their numbers");
  return 0;
}

function modeOf(given: string | number | undefined, place: Place): number {
  const mode = given === undefined ? 0o444 : parseMode(place.text());
  if (mode === undefined) place.invalid("is no octal number", "write permissions as `0400`");
  return mode ?? 0o444;
}

/** What a service has at places of its containers, as far as files that it is given are concerned. */
interface Surroundings {
  readonly mounts: readonly Mount[];
  readonly readOnly: boolean;
}

/** Reports grants that can't be put where they are to land, or that land on one another. */
export function checkGrants(grants: readonly PlacedGrant[], { mounts, readOnly }: Surroundings): void {
  const seen = new Map<string, Place>();
  for (const { grant, place } of grants) {
    const { target } = grant;
    const first = seen.get(target);
    if (first) {
      const related = [{ message: "the other file", at: first.value() }];
      place.error({ code: "duplicate-mount", message: "another file has the same place in the container", related });
      continue;
    }
    seen.set(target, place);
    const mount = mountAt(target, mounts);
    const directory = posix.dirname(target);
    const hint = "give it another `target`";
    if (mount && (mount.kind !== "tmpfs" || mount.target === directory || mount.target === target)) {
      const message = `this file would lie in the mount at ${quote(mount.target)}, where dock does not write`;
      place.error({ code: "hidden-file", message, hint });
    } else if (directory === "/" && readOnly) {
      const message = "a `read_only` container can be given files only below a directory";
      place.error({ code: "hidden-file", message, hint: "give it a `target` like `/etc/app/NAME`" });
    }
  }
}

/** The mount in which a path lies, the innermost one. */
function mountAt(path: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts
    .filter(({ target }) => path === target || path.startsWith(`${target}/`))
    .toSorted((a, b) => b.target.length - a.target.length)[0];
}
