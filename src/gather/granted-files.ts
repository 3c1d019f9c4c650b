import { readFile } from "node:fs/promises";
import { DockError } from "../error.ts";
import type { GrantKind } from "../project/granted-files.ts";
import type { Project } from "../project/model.ts";
import type { FileContent } from "../project/resource-model.ts";

/** Larger ones are no secrets or settings: they belong into an image or a mount. */
const MAX_BYTES = 1024 * 1024;

/** Contents of secrets and configs, in base64, by kind and key. */
export type GrantedContents = Readonly<Record<GrantKind, Readonly<Record<string, string>>>>;

/** Reads what the services are given. One that can't be read, or is too large, is an `invalid-project` error. */
export async function gatherGrantedFiles(project: Project, services: readonly string[]): Promise<GrantedContents> {
  const [secrets, configs] = await Promise.all(
    (["secrets", "configs"] as const).map(async (kind) => {
      const keys = new Set(
        services.flatMap((key) => (project.services[key]?.[kind] ?? []).map(({ source }) => source)),
      );
      const contents = [...keys].map(async (key): Promise<[string, string]> => {
        const file = project[kind][key];
        if (!file) throw new Error(`no entry ${key} in ${kind}`);
        return [key, (await bytesOf(file.content, `${kind}.${key}`)).toString("base64")];
      });
      return Object.fromEntries(await Promise.all(contents));
    }),
  );
  return { secrets: secrets ?? {}, configs: configs ?? {} };
}

async function bytesOf(content: FileContent, name: string): Promise<Buffer> {
  if (content.kind !== "file") return Buffer.from(content.text);
  try {
    const bytes = await readFile(content.path);
    if (bytes.length <= MAX_BYTES) return bytes;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DockError("invalid-project", `${name}: ${content.path} can't be read (${code ?? "unknown error"})`, {
      cause: error,
    });
  }
  throw new DockError("invalid-project", `${name}: ${content.path} is larger than 1 MiB`, {
    hint: "mount it, or copy it into the image",
  });
}
