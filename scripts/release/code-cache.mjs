import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

/** V8's code cache of a script with every function in it, for the version of Node that runs this. */
export function codeCache(/** @type {string} */ source) {
  // V8 refuses a cache made under other flags than those of the run that reads it; `--lazy` is the default.
  setFlagsFromString("--no-lazy");
  const script = new Script(source);
  setFlagsFromString("--lazy");
  return script.createCachedData();
}
