import { resolve } from "node:path";
import { DockError } from "../error.ts";
import { readOutput } from "../project/build-outputs.ts";
import { readSecretFlag, readSshAgent } from "../project/build-secrets.ts";
import { PLATFORM } from "../project/images.ts";
import type { Image } from "../project/image-model.ts";
import type { Project } from "../project/model.ts";
import type { Session } from "./session.ts";

/** Options of `dock build` that go to every image named. */
export interface BuildFlags {
  readonly secret?: readonly string[];
  readonly ssh?: readonly string[];
  readonly platform?: readonly string[];
  readonly output?: readonly string[];
}

/** The project with the options in the definitions of the images; what can't be read is a usage error. */
export function withBuildFlags(
  project: Project,
  keys: readonly string[],
  { flags, io }: { readonly flags: BuildFlags; readonly io: Session["io"] },
): Project {
  const absolute = (path: string): string => resolve(io.cwd, path);
  const secrets = (flags.secret ?? []).map((text) => read("--secret", text, readSecretFlag(text, absolute)));
  const ssh = (flags.ssh ?? []).map((text) => read("--ssh", text, readSshAgent(text, absolute)));
  const platforms = (flags.platform ?? []).flatMap((text) => text.split(","));
  for (const platform of platforms)
    if (!PLATFORM.test(platform)) throw refused("--platform", platform, "write it as linux/amd64");
  const outputs = (flags.output ?? []).flatMap((text) => {
    const path = text.includes("=") || text === "image" ? text : `type=local,dest=${text}`;
    return read("--output", text, readOutput(path, absolute) ?? []);
  });
  if (outputs.length > 0 && keys.length > 1)
    throw new DockError("usage", "--output needs exactly one image", {
      hint: `name it: dock build ${keys[0] ?? ""} …`,
    });
  if ([secrets, ssh, platforms, outputs].every((list) => list.length === 0)) return project;
  const changed = keys.flatMap((key): readonly (readonly [string, Image])[] => {
    const image = project.images[key];
    if (!image) return [];
    return [
      [
        key,
        {
          ...image,
          secrets: merged(image.secrets, secrets),
          ssh: merged(image.ssh, ssh),
          ...(platforms.length === 0 ? {} : { platforms: [...new Set(platforms)] }),
          ...(outputs.length === 0 ? {} : { outputs }),
        },
      ],
    ];
  });
  const variables = secrets.flatMap(({ from }) => {
    const value = from.kind === "variable" ? io.env[from.name] : undefined;
    return from.kind === "variable" && value !== undefined ? [[from.name, value] as const] : [];
  });
  return {
    ...project,
    images: { ...project.images, ...Object.fromEntries(changed) },
    secretVariables: { ...project.secretVariables, ...Object.fromEntries(variables) },
  };
}

/** Declared ones and those of the command line, which win. */
function merged<T extends { readonly id: string }>(declared: readonly T[], given: readonly T[]): readonly T[] {
  return [...new Map([...declared, ...given].map((one) => [one.id, one])).values()];
}

function read<T extends object>(option: string, text: string, result: T | string): T {
  if (typeof result !== "string") return result;
  throw refused(option, text, result);
}

function refused(option: string, text: string, why: string): DockError {
  return new DockError("usage", `${option} can't read "${text}"`, { hint: why });
}
