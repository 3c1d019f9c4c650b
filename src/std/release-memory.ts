import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** How much larger (%) than what is in use the heap may get before it is tidied, once memory is to be saved. */
const GROWTH = 30;

/** From now on garbage is collected early: for what would otherwise let a young process grow by some hundred megabytes. */
export function saveMemory(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
}

/** Bytes that are not worth the time. */
const LITTLE = 96 * 1024 * 1024;

/**
 * Gives back what is not needed any more, before something long begins. A young process collects nothing by itself
 * until it holds some hundred megabytes; this takes some ten milliseconds for each hundred.
 */
export function releaseMemory(): void {
  if (getHeapStatistics().used_heap_size < LITTLE) return;
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
}
