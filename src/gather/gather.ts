import { randomBytes } from "node:crypto";
import { hasErrors } from "../diagnostic.ts";
import { DockError } from "../error.ts";
import type { AutoPort } from "../plan/auto-ports.ts";
import type { Inputs } from "../plan/inputs.ts";
import type { Mode } from "../plan/mode.ts";
import type { Observed } from "../plan/observed.ts";
import type { Project } from "../project/model.ts";
import { type Dockerfiles, readDockerfiles } from "./dockerfiles.ts";
import { gatherEnvironments } from "./environments.ts";
import { findFreePorts } from "./free-ports.ts";
import { gatherGrantedFiles } from "./granted-files.ts";
import { gatherImage } from "./image-inputs.ts";
import { missingFiles } from "./missing-files.ts";
import type { DigestSource } from "./recent-digests.ts";

/** What is to be gathered. */
export interface Gathering {
  readonly mode: Mode;
  /** Services that are planned for. */
  readonly services: readonly string[];
  /** Images that are planned for; what they are built from comes along. */
  readonly images: readonly string[];
  readonly observed: Observed;
  /** Host ports that containers publish, and the `auto` ports that need one. */
  readonly ports: { readonly wanted: readonly AutoPort[]; readonly taken: ReadonlySet<number> };
}

/** Where it is gathered. */
export interface Machine {
  readonly cacheDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where digests of contexts come from; without it every one is made. */
  readonly digests?: DigestSource;
  readonly signal: AbortSignal;
}

/** Everything that a plan needs from the disk. What the file names and is not there is one `invalid-project` error with all of it. */
export async function gather(project: Project, gathering: Gathering, machine: Machine): Promise<Inputs> {
  const { mode, services, observed } = gathering;
  const dockerfiles = await readDockerfiles(project, gathering.images);
  const known = mode === "dev" ? await withOthers(project, dockerfiles) : dockerfiles;
  const keys = [...dockerfiles.keys()];
  const { wanted, taken } = gathering.ports;
  const [grantedFiles, freePorts, environments, images] = await Promise.all([
    gatherGrantedFiles(project, services),
    findFreePorts(wanted, { file: project.file, taken, remote: observed.engine.remote }),
    gatherEnvironments(project, services, machine.env),
    Promise.all(
      keys.map((key) =>
        gatherImage(project, key, {
          dockerfiles: known,
          mode,
          observed,
          cacheDirectory: machine.cacheDirectory,
          ...(machine.digests ? { digests: machine.digests } : {}),
          signal: machine.signal,
        }),
      ),
    ),
  ]);
  return {
    images: Object.fromEntries(images.map((image) => [image.key, image])),
    environments,
    freePorts,
    grantedFiles,
    hostUser: `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`,
    salt: randomBytes(16).toString("hex"),
  };
}

/** Throws when something that the plan needs is not on this machine: before anything is asked of the engine. */
export async function requireFiles(
  project: Project,
  of: { readonly mode: Mode; readonly services: readonly string[]; readonly images: readonly string[] },
): Promise<void> {
  const diagnostics = await missingFiles(project, of);
  if (hasErrors(diagnostics)) {
    throw new DockError("invalid-project", "the project names files that are not there; nothing was touched", {
      diagnostics,
    });
  }
}

/** Whether another image starts from one decides about its dev digest, so the other Dockerfiles are read too, where they can be. */
async function withOthers(project: Project, dockerfiles: Dockerfiles): Promise<Dockerfiles> {
  const others = Object.keys(project.images).filter((key) => !dockerfiles.has(key));
  const read = await Promise.allSettled(others.map((key) => readDockerfiles(project, [key])));
  const all = new Map(dockerfiles);
  for (const result of read) {
    if (result.status === "fulfilled") for (const [key, file] of result.value) all.set(key, file);
    else if (!(result.reason instanceof DockError)) throw result.reason;
  }
  return all;
}
