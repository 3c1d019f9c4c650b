import { monitorEventLoopDelay } from "node:perf_hooks";

/** Notices when the event loop was blocked: the kernel's event queue may have run over meanwhile, and says nothing. */
export interface Stalls extends Disposable {
  /** Whether it was blocked for long since the last call. */
  happened(): boolean;
}

const RESOLUTION_MS = 100;
const LONG_MS = 250;

/** Watches this process's event loop until disposed. */
export function watchStalls(): Stalls {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return {
    happened: () => {
      const longest = delays.max / 1e6;
      delays.reset();
      return longest > RESOLUTION_MS + LONG_MS;
    },
    [Symbol.dispose]: () => void delays.disable(),
  };
}
