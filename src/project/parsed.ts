import type { Diagnostic } from "../diagnostic.ts";
import type { Tree } from "./tree.ts";

/** Largest file of a project, in bytes. */
export const MAX_BYTES = 1024 * 1024;

/** Keys that one map may have, in all files together. */
export const MAX_KEYS = 2000;

/** What became of a text: a tree when it is one YAML document within the limits, else what is wrong. */
export interface Parsed {
  readonly tree: Tree | undefined;
  readonly diagnostics: readonly Diagnostic[];
}
