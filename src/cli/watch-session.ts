import { Readable } from "node:stream";
import { DockError } from "../error.ts";
import { runPostStart, runPreStop } from "../execute/hooks.ts";
import type { Event } from "../event.ts";
import { makeMountPoints } from "../execute/mount-points.ts";
import { runInContainer } from "../execute/run-in-container.ts";
import { readDockerfiles } from "../gather/dockerfiles.ts";
import { LABEL } from "../plan/labels.ts";
import { effectiveService } from "../plan/mode.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import type { PlanRequest } from "../plan/request.ts";
import { stopSeconds } from "../plan/teardown.ts";
import { selectServices } from "../plan/wanted.ts";
import type { Project } from "../project/model.ts";
import { formatDuration } from "../std/duration.ts";
import { systemClock } from "../std/clock.ts";
import { formatError } from "../ui/error-view.ts";
import { errorRecord } from "../ui/json.ts";
import type { Effects, Scope } from "../watch/effects.ts";
import { watch, type WatchControls } from "../watch/loop.ts";
import { BuildingImages } from "./building-images.ts";
import { ContainerFiles } from "./container-files.ts";
import { converge } from "./converge.ts";
import { loadDiagnosed, usableProject } from "./load-project.ts";
import { requireKnown } from "./named.ts";
import { jsonResult, stderrStyle } from "./report.ts";
import type { Session } from "./session.ts";
import { WatchConsole } from "./watch-console.ts";
import { pollingSource, type PollingCost } from "../watch/polling.ts";
import { followServices, type ServiceListener } from "./watched-services.ts";
import { survey } from "./world.ts";

/** What is watched. */
export interface Watched {
  readonly project: Project;
  readonly request: PlanRequest;
  /** What the command line changes about a project that was read again. */
  readonly adapt?: (project: Project) => Promise<Project>;
  /** Milliseconds between looks at all files, where the system's events are not relied on. */
  readonly poll?: number | undefined;
}

/**
 * Makes the engine match, then keeps acting on saved files until `q` or Ctrl-C, which is success. Containers go on
 * running. Rejects with what `up` would reject with, unless an edit can mend it.
 */
export async function watchProject(session: Session, watched: Watched): Promise<number> {
  const { project, request } = watched;
  const state: WatchState = { project, files: project.files, request, controls: undefined };
  using console = new WatchConsole(session, {
    project: () => state.project,
    request,
    rebuild: () => {
      state.request = { ...state.request, forceBuild: true };
      state.controls?.rerun();
    },
  });
  const signal = AbortSignal.any([session.signal, console.quit]);
  using files = new ContainerFiles(session.engine());
  const effects = effectsOf(session, watched, { state, console, files });
  const ended = new AbortController();
  const followed = followServices(
    session,
    listener(session, { state, console }),
    AbortSignal.any([signal, ended.signal]),
  );
  try {
    return await watch(
      {
        project,
        mode: request.mode,
        controls: (controls) => (state.controls = controls),
        ...(watched.poll === undefined ? {} : { open: pollingSource(watched.poll, costTeller(session, console)) }),
      },
      effects,
      signal,
    );
  } catch (error) {
    const left = console.quit.aborted || (session.signal.aborted && isInterruption(session.signal.reason));
    if (!left || error !== signal.reason) throw error;
    jsonResult(session, { ok: true });
    return 0;
  } finally {
    ended.abort();
    await followed;
  }
}

/** Says once what polling costs where there is no screen, and always on it where there is. */
function costTeller(session: Session, console: WatchConsole): (cost: PollingCost) => void {
  let told = false;
  return ({ everyMs, percent }) => {
    const text = `polling every ${formatDuration(everyMs)} takes ${percent.toFixed(1)} % of a processor`;
    console.remark(text);
    if (told || console.hasScreen) return;
    told = true;
    session.renderer().emit({ type: "notice", message: text });
  };
}

/** What changes while a project is watched. */
interface WatchState {
  project: Project;
  /** Those that the last attempt to read the project has looked for. */
  files: readonly string[];
  request: PlanRequest;
  controls: WatchControls | undefined;
}

/** Lines of its output that are shown of a container that has ended with an error. */
const LAST_LINES = 10;

function listener(
  session: Session,
  of: { readonly state: WatchState; readonly console: WatchConsole },
): ServiceListener {
  const tell = async ({ id, name, exitCode }: ObservedContainer): Promise<void> => {
    const { tty } = await session.engine().inspectContainer(id, session.signal);
    const lines: string[] = [];
    const options = { follow: false, tail: LAST_LINES, timestamps: false, tty };
    for await (const { text } of session.engine().containerLogs(id, options, session.signal)) lines.push(text);
    session.renderer().emit({
      type: "warning",
      message: `${name} exited with code ${exitCode ?? "?"}`,
      hint: "it is started again with the next change that is carried out",
    });
    const said = lines.length === 0 ? ["(no output)"] : lines;
    session.renderer().emit({ type: "notice", message: said.map((line) => `  ${line}`).join("\n") });
  };
  return {
    project: () => of.state.project,
    seen: (services) => of.console.seen(services),
    crashed: (container) => {
      tell(container).catch((error: unknown) => {
        // It has gone meanwhile: then there is nothing to tell.
        if (!(error instanceof DockError)) throw error;
      });
    },
  };
}

function isInterruption(reason: unknown): boolean {
  return reason instanceof DockError && reason.code === "interrupted";
}

function effectsOf(
  session: Session,
  watched: Watched,
  of: { readonly state: WatchState; readonly console: WatchConsole; readonly files: ContainerFiles },
): Effects {
  const { state, console, files } = of;
  const engine = session.engine();
  // A renderer ends with the run that it shows: the screen comes back below it.
  const renderer = {
    emit: (event: Event): void => {
      if (event.type === "action-started") console.hide();
      session.renderer().emit(event);
      console.note(event);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const building = new BuildingImages(renderer);
  // The keys are the watch's: what would need an answer is refused with words instead.
  const io = { ...session.io, stdin: Readable.from([]) };
  const within = (signal: AbortSignal): Session => ({ ...session, io, signal, renderer: () => building });
  return {
    clock: systemClock,
    emit: (event) => renderer.emit(event),
    reload: async (signal) => {
      const loaded = await loadDiagnosed(within(signal));
      state.files = loaded.files;
      const declared = usableProject(within(signal), loaded, { warns: true });
      for (const service of state.request.services ?? []) requireKnown(service, declared.services, "service");
      return watched.adapt?.(declared) ?? declared;
    },
    scope: async (project) => ({ files: state.files, ...(await scopeOf(project, state.request)) }),
    gather: async (project, signal) => (await survey(within(signal), project, state.request)).inputs,
    converge: async (project, signal) => {
      state.project = project;
      const { request } = state;
      // What was forced is done then; what is forced while it runs is for the next one.
      state.request = { ...request, ...NOTHING_FORCED };
      try {
        const { first, last } = await converge(within(signal), { project, request }, { catchUp: false });
        return { inputs: last.inputs, actions: first.reconciled.plan.actions.length };
      } finally {
        await console.show();
      }
    },
    building: () => building.images,
    containers: async (service, signal) => {
      const labels = [`${LABEL.project}=${state.project.name}`, `${LABEL.service}=${service}`];
      const found = await engine.listContainers({ labels }, signal);
      return found
        .filter(({ labels: own }) => !(LABEL.oneOff in own))
        .map(({ id, state }) => ({ id, running: state === "running" }));
    },
    contents: (service, container, signal) => files.contents(state.project, { service, container }, signal),
    transfer: (container, what, signal) => files.transfer(container, what, signal),
    restart: async (key, container, signal) => {
      const service = state.project.services[key];
      if (service) await runPreStop({ engine, container, service }, (event) => renderer.emit(event), signal);
      await makeMountPoints(engine, container, signal);
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

const NOTHING_FORCED = {
  forceBuild: false,
  noCache: false,
  pull: false,
  forceRecreate: false,
  renewAnonVolumes: false,
} as const;

async function scopeOf(project: Project, request: PlanRequest): Promise<Omit<Scope, "files">> {
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
