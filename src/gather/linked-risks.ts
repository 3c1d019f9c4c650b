import { realpath } from "node:fs/promises";
import type { Diagnostic } from "../diagnostic.ts";
import type { Mount } from "../project/connection-model.ts";
import type { Project } from "../project/model.ts";
import { bindRisk } from "../project/risks.ts";

/** Warnings for binds whose source is a link to what grants root: their paths alone don't show it. */
export async function linkedRisks(project: Project, home: string | undefined): Promise<readonly Diagnostic[]> {
  const mounts = Object.values(project.services).flatMap((service) => [
    ...service.mounts,
    ...(service.dev?.mounts ?? []),
  ]);
  const found = await Promise.all(
    mounts.map(async (mount) => (mount.kind === "bind" ? linkedRisk(mount, home) : undefined)),
  );
  return found.filter((diagnostic) => diagnostic !== undefined);
}

async function linkedRisk(
  mount: Extract<Mount, { kind: "bind" }>,
  home: string | undefined,
): Promise<Diagnostic | undefined> {
  const { source, at } = mount;
  let real: string;
  try {
    real = await realpath(source);
  } catch {
    // What is not there is reported where it is needed.
    return undefined;
  }
  const risk = real === source || bindRisk(mount, home) ? undefined : bindRisk({ ...mount, source: real }, home);
  return (
    risk && { severity: "warning", code: risk.code, message: `${risk.message} (${source} is a link to ${real})`, at }
  );
}
