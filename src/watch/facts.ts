import type { Inputs } from "../plan/inputs.ts";
import type { Mode } from "../plan/mode.ts";
import type { Project } from "../project/model.ts";

/** What decisions about saved files are made from. */
export interface Facts {
  readonly project: Project;
  readonly mode: Mode;
  /** Files that the project is read from: those of the last attempt, which may have failed for one that is still to come. */
  readonly files: readonly string[];
  /** Services in play: those asked for with all that they depend on. */
  readonly services: readonly string[];
  /** Images that these run, with all that those are built from. */
  readonly images: ReadonlySet<string>;
  /** What the images in use were made from; undefined until a run has succeeded. */
  readonly applied: Inputs | undefined;
  /** The last run failed: what it tried is known to nobody, so what is applied does not tell what would count now. */
  readonly behind: boolean;
}
