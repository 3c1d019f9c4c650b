import { DockError } from "../../error.ts";
import { withProjectLock } from "../../execute/lock.ts";
import type { ObservedContainer } from "../../plan/observed.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { projectLock } from "../converge.ts";
import { copyFromInput, copyIn, copyOut, type CopyStyle, copyToOutput } from "../copy-files.ts";
import { type CopyPlace, copyPlace } from "../copy-place.ts";
import { wholeNumber } from "../global-options.ts";
import { loadProject } from "../load-project.ts";
import { jsonResult } from "../report.ts";
import { chosenContainers } from "../service-containers.ts";
import type { Session } from "../session.ts";

interface CpOptions {
  readonly archive?: boolean;
  readonly followLink?: boolean;
  readonly index?: number;
  readonly all?: boolean;
}

/** `dock cp`: copies files between a service's container, running or not, and this machine; `-` is a tar on our streams. */
export const cp: CommandDefinition = {
  usage: "SERVICE:PATH LOCAL|-  or  LOCAL|- SERVICE:PATH",
  configure: (command) => {
    command
      .argument("<source>", "SERVICE:PATH, a path of this machine, or - for a tar; DIR/. is what is in DIR")
      .argument("<target>", "the other side")
      .option("-a, --archive", "keep the owner of every file")
      .option("-L, --follow-link", "copy what a source that is a link leads to")
      .option("--index <N>", "which container of the service (default: the first one)", wholeNumber)
      .option("--all", "copy into every container of the service");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as CpOptions;
    const [source, target] = [copyPlace(args[0] ?? ""), copyPlace(args[1] ?? "")];
    const service = onlyService(source, target);
    if (given.all && source.kind === "service") {
      throw new DockError("usage", "--all is for copies into containers: a copy out is of one");
    }
    const project = await loadProject(session);
    const found = await chosenContainers(session, { project, services: [service], index: given.index });
    const containers = given.all ? found : found.slice(0, 1);
    const style = { followLink: given.followLink === true, keepOwner: given.archive === true };
    const copy = async (): Promise<void> => {
      for (const container of containers) await copyOne(session, { source, target, container }, style);
    };
    try {
      if (target.kind === "service") await withProjectLock(await projectLock(session, project), session.signal, copy);
      else await copy();
    } catch (error) {
      throw fileFault(error);
    }
    if (target.kind !== "tar") jsonResult(session, { ok: true });
    return 0;
  },
};

function onlyService(source: CopyPlace, target: CopyPlace): string {
  if (source.kind === "service" && target.kind !== "service") return source.service;
  if (target.kind === "service" && source.kind !== "service") return target.service;
  const both = source.kind === "service";
  throw new DockError("usage", both ? "both sides are in containers" : "neither side is in a container", {
    hint: both ? "copy to this machine first" : "name a service as in web:/path; a path with a colon begins with ./",
  });
}

async function copyOne(
  session: Session,
  copy: { readonly source: CopyPlace; readonly target: CopyPlace; readonly container: ObservedContainer },
  style: CopyStyle,
): Promise<void> {
  const { source, target, container } = copy;
  const { id, name } = container;
  const leftOut: string[] = [];
  if (source.kind === "service") {
    const from = { container: id, path: source.path };
    if (target.kind === "local") leftOut.push(...(await copyOut(session, { from, to: target.path }, style)));
    else await copyToOutput(session, from, style);
  } else if (target.kind === "service") {
    const to = { container: id, path: target.path };
    if (source.kind === "local") leftOut.push(...(await copyIn(session, { from: source.path, to }, style)));
    else await copyFromInput(session, to, style);
  }
  if (leftOut.length > 0) {
    const more = leftOut.length > 3 ? ` and ${leftOut.length - 3} more` : "";
    session.renderer().emit({
      type: "warning",
      message: `not copied, because it is neither a file, a directory nor a link: ${leftOut.slice(0, 3).join(", ")}${more}`,
    });
  }
  if (target.kind === "service")
    session.renderer().emit({ type: "notice", message: `copied to ${name}:${target.path}` });
  else if (target.kind === "local")
    session.renderer().emit({ type: "notice", message: `copied from ${name} to ${target.path}` });
}

/** What this machine's file system refuses is the user's to mend. */
function fileFault(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof DockError || code === undefined || syscall === undefined) return error;
  return new DockError("operation-failed", `could not copy: ${(error as Error).message}`, { cause: error });
}
