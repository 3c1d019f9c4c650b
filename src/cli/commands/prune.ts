import { execute } from "../../execute/execute.ts";
import { initialMade } from "../../execute/execution.ts";
import { withProjectLock } from "../../execute/lock.ts";
import { readRunLog } from "../../gather/run-log.ts";
import { KEPT_INPUTS } from "../../plan/images.ts";
import { inputRepository } from "../../plan/input-digest.ts";
import { planPrune, type Pruning } from "../../plan/prune.ts";
import { plainRequest } from "../../plan/request.ts";
import type { Project } from "../../project/model.ts";
import { formatByteSize } from "../../std/byte-size.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { executionOf, failOn, projectLock } from "../converge.ts";
import { wholeNumber } from "../global-options.ts";
import { loadProject } from "../load-project.ts";
import { NO_NAMES, observeOwn } from "../observe-own.ts";
import { jsonResult } from "../report.ts";
import type { Session } from "../session.ts";

interface PruneOptions {
  readonly keep?: number;
  readonly dryRun?: boolean;
}

/** `dock prune`: removes old builds of the project's images from the engine, and nothing of anybody else's. */
export const prune: CommandDefinition = {
  usage: "",
  configure: (command) => {
    command
      .option("--keep <N>", `builds of each image that stay (default: ${KEPT_INPUTS})`, wholeNumber)
      .option("--dry-run", "only show what would be removed, and what that would free");
  },
  run: async ({ session, options }: Invocation) => {
    const given = options as PruneOptions;
    const project = await loadProject(session);
    const renderer = session.renderer();
    const say = (message: string): void => renderer.emit({ type: "notice", message });
    return withProjectLock(await projectLock(session, project), session.signal, async () => {
      const pruning = await planned(session, project, given.keep ?? KEPT_INPUTS);
      const { plan, removed, unknown } = pruning;
      for (const key of unknown)
        say(`the engine does not tell when builds of image ${key} were tagged: all of them stay`);
      renderer.emit({ type: "plan", plan });
      const refs = plan.actions.flatMap(({ operation }) => (operation.kind === "image.remove" ? [operation.ref] : []));
      const before = await session.engine().imageUsage(session.signal);
      // Layers that only removed images share are not in this sum.
      const atLeast = removed.reduce((sum, id) => sum + (before.unshared.get(id) ?? 0), 0);
      if (given.dryRun) {
        if (refs.length > 0) say(`would free at least ${formatByteSize(atLeast)} of images`);
        jsonResult(session, { ok: true, dryRun: true, removed: refs, freedBytes: atLeast });
        return 0;
      }
      await carryOut(session, project, pruning);
      const after = await session.engine().imageUsage(session.signal);
      const freed = Math.max(0, before.layers - after.layers);
      if (refs.length > 0) say(`freed ${formatByteSize(freed)} of images; the builder's cache is its own`);
      jsonResult(session, { ok: true, removed: refs, freedBytes: freed });
      return 0;
    });
  },
};

async function planned(session: Session, project: Project, keep: number): Promise<Pruning> {
  const engine = session.engine();
  const [listed, containers, log] = await Promise.all([
    engine.listImages(session.signal),
    engine.listContainers({}, session.signal),
    readRunLog(session.cacheDirectory, project),
  ]);
  const repositories = Object.keys(project.images).map((key) => `${inputRepository(project.name, key)}:`);
  const images = await Promise.all(
    listed.map(async (image) => {
      if (!image.tags.some((tag) => repositories.some((prefix) => tag.startsWith(prefix)))) return image;
      return { ...image, ...(await engine.inspectImage(image.id, session.signal)) };
    }),
  );
  const built = new Map(
    log.flatMap(({ image, target }) => (image === undefined ? [] : [[image, target.slice("image:".length)]])),
  );
  return planPrune(project, { images, inUse: new Set(containers.map(({ imageId }) => imageId)), built, keep });
}

async function carryOut(session: Session, project: Project, { plan }: Pruning): Promise<void> {
  const observed = await observeOwn(session, project, NO_NAMES);
  const reconciled = { plan, conflicts: [], images: new Map(), slots: [] };
  const inputs = { images: {}, environments: {}, hostUser: "", salt: "" };
  const execution = executionOf(session, { project, request: plainRequest("plain"), inputs, observed, reconciled }, {});
  failOn(await execute({ ...execution, made: initialMade(reconciled) }, session.signal));
}
