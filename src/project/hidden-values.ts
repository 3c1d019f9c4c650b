import { isSecretName } from "../std/secret-name.ts";
import type { Project } from "./model.ts";
import type { Path } from "./tree.ts";

/** How a project file uses a variable from outside it. */
export interface VariableUse {
  readonly name: string;
  readonly value: string;
  /** Whether it comes from `.env`, where secrets are kept. */
  readonly fromFile: boolean;
  /** Whether the file puts it where anybody sees it: into a name, a reference, a path, a port. */
  open: boolean;
}

/** Values that short can't be told from other text. */
const SHORTEST = 6;

/** What is in many a `.env` and no secret of anybody. */
const COMMON = new Set([
  "default",
  "development",
  "localhost",
  "production",
  "staging",
  "testing",
  "verbose",
  "warning",
]);

/**
 * Values that dock's own output must not show: what the file takes from `.env` or from a variable that is named like a
 * secret, and what it gives a variable of such a name. What stands in a name of the project is no secret.
 */
export function hiddenValues(project: Project, uses: Iterable<VariableUse>): readonly string[] {
  const taken = [...uses].flatMap(({ name, value, fromFile, open }) =>
    !open && (fromFile || isSecretName(name)) ? [value] : [],
  );
  const given = [
    ...Object.values(project.services).flatMap((service) => [
      service.environment,
      service.dev?.environment ?? {},
      ...[...service.postStart, ...service.preStop].map((hook) => hook.environment),
    ]),
    ...Object.values(project.images).map((image) => image.args),
  ].flatMap((variables) =>
    Object.entries(variables).flatMap(([name, value]) => (isSecretName(name) ? [value] : passwordsIn(value))),
  );
  const secrets = Object.values(project.secrets).flatMap(({ content }) =>
    content.kind === "file" ? [] : [content.text.trim()],
  );
  const ofBuilds = Object.values(project.secretVariables ?? {}).flatMap((value) => [value, ...value.split("\n")]);
  const configs = Object.values(project.configs).flatMap(({ content }) => {
    if (content.kind === "file") return [];
    return content.kind === "variable" ? [content.text.trim()] : secretsInText(content.text);
  });
  return worthHiding([...taken, ...given, ...secrets, ...configs, ...ofBuilds.map((value) => value.trim())], project);
}

/** What a text, as a configuration file, gives names that are called like secrets: `password = …`, `"apiKey": "…"`. */
export function secretsInText(text: string): readonly string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const found = /^\s*["']?(?<name>[\w.-]+)["']?\s*[:=]\s*["']?(?<value>[^"']+?)["']?\s*[,;]?\s*$/.exec(line)?.groups;
    return [...(found && isSecretName(found["name"] ?? "") ? [found["value"] ?? ""] : []), ...passwordsIn(line)];
  });
}

/** The passwords of addresses: `postgres://user:password@host/`. */
function passwordsIn(value: string): readonly string[] {
  return [...value.matchAll(/:\/\/[^\s/:@]*:([^\s/@]+)@/g)].map(([, password = ""]) => password);
}

/** Those of the values that can be told from other text and stand in no name of the project. */
export function worthHiding(values: readonly string[], project: Project): readonly string[] {
  const names = openNames(project);
  return [...new Set(values)].filter(
    (value) =>
      value.trim().length >= SHORTEST &&
      !COMMON.has(value.toLowerCase()) &&
      !names.some((name) => name.includes(value)),
  );
}

/** Names that everybody sees who sees the project's objects. */
function openNames(project: Project): readonly string[] {
  return [
    project.name,
    project.directory,
    ...[project.images, project.services, project.networks, project.volumes].flatMap((things) => Object.keys(things)),
    ...Object.values(project.images).flatMap((image) => image.tags),
    ...Object.values(project.services).flatMap(({ image, containerName, hostname }) => [
      ...(image.kind === "external" ? [image.ref] : []),
      ...(containerName === undefined ? [] : [containerName]),
      ...(hostname === undefined ? [] : [hostname]),
    ]),
  ];
}

/** Keys of a service below which a value reaches nothing but the container and whoever inspects it. */
const CLOSED_IN_SERVICE = new Set([
  "environment",
  "command",
  "entrypoint",
  "healthcheck",
  "labels",
  "logging",
  "post_start",
  "pre_stop",
  "annotations",
]);

/** Whether what stands at a path is seen by everybody, so that it can't be meant to be a secret. */
export function isOpenPlace(path: Path): boolean {
  const [section, , ...keys] = path.map(String);
  switch (section) {
    case "services": {
      const [key = "", below = ""] = keys[0] === "dev" ? keys.slice(1) : keys;
      if (key === "build") return below !== "args" && below !== "secrets" && below !== "labels";
      return !CLOSED_IN_SERVICE.has(key);
    }
    case "images":
      return keys[0] !== "args" && keys[0] !== "secrets" && keys[0] !== "labels";
    case "networks":
    case "volumes":
      return keys[0] !== "driver_opts" && keys[0] !== "labels";
    case "secrets":
    case "configs":
      return keys[0] === "name" || keys[0] === "file";
    default:
      return section?.startsWith("x-") !== true && section !== "vars";
  }
}
