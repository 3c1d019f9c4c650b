import type { Engine } from "../engine/engine.ts";

/** How long a call that is under way at an interruption may take to be finished, in milliseconds. */
const FINISH_MS = 10_000;

/**
 * The engine for a run that may be interrupted: a call that changes something is not begun after the signal's abort, but
 * one that has been sent is waited for. Broken off, the engine would go on with it and the next run would see a thing
 * come into being that nobody has asked for. Builds and pulls are broken off: the engine gives them up.
 */
export function finishingEngine(engine: Engine): Engine {
  return {
    ...engine,
    createContainer: (request, signal) => finished(signal, (late) => engine.createContainer(request, late)),
    startContainer: (id, signal) => finished(signal, (late) => engine.startContainer(id, late)),
    stopContainer: (id, seconds, signal) =>
      finished(signal, (late) => engine.stopContainer(id, seconds, late), seconds * 1000),
    restartContainer: (id, seconds, signal) =>
      finished(signal, (late) => engine.restartContainer(id, seconds, late), seconds * 1000),
    unpauseContainer: (id, signal) => finished(signal, (late) => engine.unpauseContainer(id, late)),
    removeContainer: (id, options, signal) => finished(signal, (late) => engine.removeContainer(id, options, late)),
    renameContainer: (id, name, signal) => finished(signal, (late) => engine.renameContainer(id, name, late)),
    updateContainer: (id, update, signal) => finished(signal, (late) => engine.updateContainer(id, update, late)),
    createNetwork: (request, signal) => finished(signal, (late) => engine.createNetwork(request, late)),
    removeNetwork: (id, signal) => finished(signal, (late) => engine.removeNetwork(id, late)),
    connectNetwork: (id, member, signal) => finished(signal, (late) => engine.connectNetwork(id, member, late)),
    disconnectNetwork: (id, container, signal) =>
      finished(signal, (late) => engine.disconnectNetwork(id, container, late)),
    createVolume: (request, signal) => finished(signal, (late) => engine.createVolume(request, late)),
    removeVolume: (name, signal) => finished(signal, (late) => engine.removeVolume(name, late)),
    tagImage: (image, ref, signal) => finished(signal, (late) => engine.tagImage(image, ref, late)),
    removeImage: (ref, signal) => finished(signal, (late) => engine.removeImage(ref, late)),
  };
}

/** Makes a call with a signal that aborts later than the run's own, which has to be unaborted when it begins. */
async function finished<T>(signal: AbortSignal, call: (late: AbortSignal) => Promise<T>, ownMs = 0): Promise<T> {
  signal.throwIfAborted();
  const late = new AbortController();
  const abort = (): void => {
    AbortSignal.timeout(FINISH_MS + ownMs).addEventListener("abort", () => late.abort(signal.reason), { once: true });
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await call(late.signal);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
