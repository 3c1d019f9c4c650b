import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Diagnostic, Location } from "../diagnostic.ts";
import { allMounts, effectiveService, type Mode } from "../plan/mode.ts";
import type { Mount } from "../project/connection-model.ts";
import type { Image } from "../project/image-model.ts";
import type { Project } from "../project/model.ts";

/**
 * Errors for everything that the file names on this machine and that is not there: build contexts, Dockerfiles, bind
 * sources, env files. The engine would make a missing bind source as an empty directory of root.
 */
export async function missingFiles(
  project: Project,
  of: { readonly mode: Mode; readonly images?: readonly string[]; readonly services?: readonly string[] },
): Promise<readonly Diagnostic[]> {
  const images = of.images ?? Object.keys(project.images);
  const services = of.services ?? Object.keys(project.services);
  const found = await Promise.all([
    ...images.map((key) => missingOfImage(project.images[key])),
    ...services.map((key) => missingOfService(project, key, of.mode)),
  ]);
  return found.flat();
}

async function missingOfImage(image: Image | undefined): Promise<readonly Diagnostic[]> {
  if (!image || image.context.kind === "url") return [];
  const { path } = image.context;
  const kind = await kindOf(path);
  if (kind !== "directory") {
    const what = kind === "missing" ? "does not exist" : "is no directory";
    return [error("missing-context", { message: `the context of image ${image.key}, ${path}, ${what}`, at: image.at })];
  }
  const missing: Diagnostic[] = [];
  if (image.dockerfile.kind === "file") {
    const file = isAbsolute(image.dockerfile.path) ? image.dockerfile.path : join(path, image.dockerfile.path);
    const dockerfile = await kindOf(file);
    if (dockerfile !== "file") {
      const what = dockerfile === "missing" ? "does not exist" : "is no file";
      missing.push(
        error("missing-dockerfile", {
          message: `the Dockerfile of image ${image.key}, ${file}, ${what}`,
          at: image.at,
          hint: `"dockerfile:" is relative to the context ${path}`,
        }),
      );
    }
  }
  for (const [name, context] of Object.entries(image.contexts)) {
    const local = context.kind === "directory" || context.kind === "layout";
    if (local && (await kindOf(context.path)) !== "directory") {
      missing.push(
        error("missing-context", {
          message: `context ${name} of image ${image.key}, ${context.path}, is no directory`,
          at: image.at,
        }),
      );
    }
  }
  return missing;
}

async function missingOfService(project: Project, key: string, mode: Mode): Promise<readonly Diagnostic[]> {
  const declared = project.services[key];
  if (!declared) return [];
  const service = effectiveService(declared, mode);
  const binds = allMounts(service).flatMap((mount) => (mount.kind === "bind" && !mount.createHostPath ? [mount] : []));
  const sources = await Promise.all(binds.map((bind) => missingBind(key, bind)));
  const files = await Promise.all(
    service.envFiles.map(async (file) =>
      file.required && (await kindOf(file.path)) === "missing"
        ? [
            error("missing-env-file", {
              message: `env_file ${file.path} of service ${key} does not exist`,
              at: file.at,
              hint: `create it, or write {path: …, required: false}`,
            }),
          ]
        : [],
    ),
  );
  const granted = await Promise.all(
    (["secrets", "configs"] as const).flatMap((kind) =>
      service[kind].map(async ({ source }) => missingGrantedFile(project, kind, source)),
    ),
  );
  return [...sources.flat(), ...files.flat(), ...granted.flat()];
}

async function missingGrantedFile(
  project: Project,
  kind: "secrets" | "configs",
  key: string,
): Promise<readonly Diagnostic[]> {
  const content = project[kind][key]?.content;
  if (content?.kind !== "file" || (await kindOf(content.path)) === "file") return [];
  return [
    error(kind === "secrets" ? "missing-secret-file" : "missing-config-file", {
      message: `${content.path}, the file of ${kind === "secrets" ? "secret" : "config"} ${key}, is no file`,
      at: content.at,
    }),
  ];
}

async function missingBind(service: string, bind: Extract<Mount, { kind: "bind" }>): Promise<readonly Diagnostic[]> {
  if ((await kindOf(bind.source)) !== "missing") return [];
  return [
    error("missing-bind-source", {
      message: `service ${service} mounts ${bind.source}, which does not exist`,
      at: bind.at,
      hint: "create it, or set bind: {create_host_path: true} to have it made as a directory",
    }),
  ];
}

function error(
  code: string,
  of: { readonly message: string; readonly at: Location; readonly hint?: string },
): Diagnostic {
  return { severity: "error", code, ...of };
}

async function kindOf(path: string): Promise<"missing" | "directory" | "file"> {
  try {
    return (await stat(path)).isDirectory() ? "directory" : "file";
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return "missing";
    throw cause;
  }
}
