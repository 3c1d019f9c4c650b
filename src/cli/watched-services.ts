import { DockError } from "../error.ts";
import { LABEL } from "../plan/labels.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import type { Project } from "../project/model.ts";
import { compareText } from "../std/digest.ts";
import { systemClock } from "../std/clock.ts";
import type { ScreenService } from "../ui/watch-screen.ts";
import type { Session } from "./session.ts";

/** Milliseconds between looks at the containers. */
const LOOK_MS = 2000;

/** Whom to tell what becomes of a project's containers. */
export interface ServiceListener {
  readonly project: () => Project;
  readonly seen: (services: readonly ScreenService[]) => void;
  /** A container has ended on its own with an error. */
  readonly crashed: (container: ObservedContainer) => void;
}

/** Looks at the project's containers every now and then until the signal aborts. While the engine is away it says so and goes on. */
export async function followServices(session: Session, listener: ServiceListener, signal: AbortSignal): Promise<void> {
  const running = new Set<string>();
  /** Seen to have ended once: a restart looks like that, too. */
  const ended = new Set<string>();
  while (!signal.aborted) {
    try {
      const containers = await ownContainers(session, listener.project(), signal);
      for (const container of containers) {
        const { id, state, exitCode } = container;
        if (state === "running") {
          running.add(id);
          ended.delete(id);
        } else if (state === "exited" && running.has(id) && !ended.has(id)) ended.add(id);
        else if (ended.delete(id) && running.delete(id) && (exitCode ?? 0) !== 0) listener.crashed(container);
      }
      listener.seen(servicesOf(listener.project(), containers));
      await systemClock.sleep(LOOK_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof DockError)) throw error;
      listener.seen([{ name: "engine", state: "does not answer", isFine: false, replicas: 1 }]);
      await systemClock.sleep(LOOK_MS, signal).catch(() => undefined);
    }
  }
}

async function ownContainers(
  session: Session,
  project: Project,
  signal: AbortSignal,
): Promise<readonly ObservedContainer[]> {
  const found = await session.engine().listContainers({ labels: [`${LABEL.project}=${project.name}`] }, signal);
  return found.filter(({ labels }) => !(LABEL.oneOff in labels));
}

/** One row a service in the file's order, the state that of its worst container. */
function servicesOf(project: Project, containers: readonly ObservedContainer[]): readonly ScreenService[] {
  const keys = Object.keys(project.services);
  return keys.flatMap((name): readonly ScreenService[] => {
    const own = containers.filter(({ labels }) => labels[LABEL.service] === name);
    const [worst] = own.toSorted((a, b) => Number(isFine(a)) - Number(isFine(b)) || compareText(a.name, b.name));
    if (!worst) return [];
    const url = own.map(urlOf).find((found) => found !== undefined);
    return [
      {
        name,
        state: stateOf(worst),
        isFine: isFine(worst),
        replicas: own.length,
        ...(url === undefined ? {} : { url }),
      },
    ];
  });
}

function isFine({ state, health, exitCode }: ObservedContainer): boolean {
  return (state === "running" && health !== "unhealthy") || (state === "exited" && exitCode === 0);
}

function stateOf({ state, health, exitCode }: ObservedContainer): string {
  if (state === "exited") return exitCode === 0 ? "done" : `exited (${exitCode ?? "?"})`;
  return state === "running" && health !== undefined ? health : state;
}

/** Where its lowest published TCP port answers, taken for one of HTTP. */
function urlOf({ ports }: ObservedContainer): string | undefined {
  const [port] = ports
    .filter(({ protocol, hostPort }) => protocol === "tcp" && hostPort !== undefined)
    .toSorted((a, b) => a.containerPort - b.containerPort);
  if (port?.hostPort === undefined) return undefined;
  const { hostIp = "" } = port;
  const everywhere = hostIp === "" || hostIp === "0.0.0.0" || hostIp === "::";
  const host = everywhere ? "127.0.0.1" : hostIp.includes(":") ? `[${hostIp}]` : hostIp;
  return `http://${host}:${port.hostPort}/`;
}
