import { DockError } from "../error.ts";
import { runPostStart, runPreStop } from "../execute/hooks.ts";
import { runInContainer } from "../execute/run-in-container.ts";
import { readDockerfiles } from "../gather/dockerfiles.ts";
import { LABEL } from "../plan/labels.ts";
import { effectiveService } from "../plan/mode.ts";
import type { PlanRequest } from "../plan/request.ts";
import { stopSeconds } from "../plan/teardown.ts";
import { selectServices } from "../plan/wanted.ts";
import type { Project } from "../project/model.ts";
import { systemClock } from "../std/clock.ts";
import { formatError } from "../ui/error-view.ts";
import { errorRecord } from "../ui/json.ts";
import type { Effects, Scope } from "../watch/effects.ts";
import { watch } from "../watch/loop.ts";
import { BuildingImages } from "./building-images.ts";
import { ContainerFiles } from "./container-files.ts";
import { converge } from "./converge.ts";
import { loadWithWarnings } from "./load-project.ts";
import { requireKnown } from "./named.ts";
import { jsonResult, stderrStyle } from "./report.ts";
import type { Session } from "./session.ts";
import { watchKeys } from "./watch-keys.ts";
import { survey } from "./world.ts";

/** What is watched. */
export interface Watched {
  readonly project: Project;
  readonly request: PlanRequest;
  /** What the command line changes about a project that was read again. */
  readonly adapt?: (project: Project) => Promise<Project>;
}

/**
 * Makes the engine match, then keeps acting on saved files until `q` or Ctrl-C, which is success. Containers go on
 * running. Rejects with what `up` would reject with, unless an edit can mend it.
 */
export async function watchProject(session: Session, watched: Watched): Promise<number> {
  using keys = watchKeys(session);
  const signal = AbortSignal.any([session.signal, keys.quit]);
  const { project, request } = watched;
  using files = new ContainerFiles(session.engine());
  try {
    return await watch({ project, mode: request.mode }, effectsOf(session, watched, files), signal);
  } catch (error) {
    const left = keys.quit.aborted || (session.signal.aborted && isInterruption(session.signal.reason));
    if (!left || error !== signal.reason) throw error;
    jsonResult(session, { ok: true });
    return 0;
  }
}

function isInterruption(reason: unknown): boolean {
  return reason instanceof DockError && reason.code === "interrupted";
}

function effectsOf(session: Session, watched: Watched, files: ContainerFiles): Effects {
  const engine = session.engine();
  const renderer = session.renderer();
  const building = new BuildingImages(renderer);
  let { request } = watched;
  const within = (signal: AbortSignal): Session => ({ ...session, signal, renderer: () => building });
  let current = watched.project;
  return {
    clock: systemClock,
    emit: (event) => renderer.emit(event),
    reload: async (signal) => {
      const declared = await loadWithWarnings(within(signal));
      for (const service of request.services ?? []) requireKnown(service, declared.services, "service");
      return watched.adapt?.(declared) ?? declared;
    },
    scope: (project) => scopeOf(project, request),
    gather: async (project, signal) => (await survey(within(signal), project, request)).inputs,
    converge: async (project, signal) => {
      current = project;
      const { first, last } = await converge(within(signal), { project, request }, { catchUp: false });
      // What was forced is done.
      request = {
        ...request,
        forceBuild: false,
        noCache: false,
        pull: false,
        forceRecreate: false,
        renewAnonVolumes: false,
      };
      return { inputs: last.inputs, actions: first.reconciled.plan.actions.length };
    },
    building: () => building.images,
    containers: async (service, signal) => {
      const labels = [`${LABEL.project}=${current.name}`, `${LABEL.service}=${service}`];
      const found = await engine.listContainers({ labels }, signal);
      return found
        .filter(({ labels: own }) => !(LABEL.oneOff in own))
        .map(({ id, state }) => ({ id, running: state === "running" }));
    },
    contents: (service, container, signal) => files.contents(current, { service, container }, signal),
    transfer: (container, what, signal) => files.transfer(container, what, signal),
    restart: async (key, container, signal) => {
      const service = current.services[key];
      if (service) await runPreStop({ engine, container, service }, (event) => renderer.emit(event), signal);
      await engine.restartContainer(container, service ? stopSeconds(service) : 10, signal);
      if (service) await runPostStart({ engine, container, service }, undefined, signal);
    },
    signal: (container, name, signal) => engine.killContainer(container, name, signal),
    exec: async (container, command, signal) => {
      const { exitCode, output } = await runInContainer(engine, { container, command }, signal);
      if (exitCode === 0) return;
      throw new DockError("operation-failed", `"${command.join(" ")}" ended with ${exitCode}`, {
        detail: output.length === 0 ? "it printed nothing" : output.slice(-20).join("\n"),
      });
    },
    failed: (event, error) => {
      if (session.globals.json) return renderer.emit({ ...event, error: errorRecord(error) });
      const { message: _, ...line } = event;
      renderer.emit(line);
      renderer.emit({ type: "notice", message: formatError(error, stderrStyle(session)) });
    },
  };
}

async function scopeOf(project: Project, request: PlanRequest): Promise<Scope> {
  const asked = request.services?.filter((key) => Object.hasOwn(project.services, key));
  const services = selectServices(project, asked, request.noDeps);
  const keys = services.flatMap((key) => {
    const service = project.services[key];
    const image = service && effectiveService(service, request.mode).image;
    return image?.kind === "built" ? [image.key] : [];
  });
  try {
    return { services, images: new Set((await readDockerfiles(project, [...new Set(keys)])).keys()) };
  } catch (error) {
    if (!(error instanceof DockError)) throw error;
    return { services, images: new Set(keys) };
  }
}
