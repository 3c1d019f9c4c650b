import type { Flag } from "./instruction.ts";
import type { Lines } from "./scan.ts";
import type { Word } from "./traced.ts";

/** What a stage starts from, or an instruction takes files from. */
export type Origin =
  | { readonly kind: "stage"; readonly index: number }
  | { readonly kind: "scratch" }
  /** A named context. */
  | { readonly kind: "context"; readonly name: string }
  /** `ref` is undefined where it depends on what is unknown: it may be any image or earlier stage. */
  | { readonly kind: "image"; readonly ref: string | undefined; readonly written: Word };

/** An instruction with its variables put in; undefined stands for what isn't known. */
export type Action = { readonly lines: Lines; readonly stage: number } & (
  | {
      readonly kind: "copy" | "add";
      readonly flags: readonly Flag[];
      readonly sources: readonly (string | undefined)[];
      readonly destination: Destination | undefined;
      readonly from?: Origin;
    }
  | {
      readonly kind: "run";
      readonly command: string;
      readonly mounts: readonly RunMount[];
      readonly workdir: string | undefined;
    }
  | { readonly kind: "volume"; readonly paths: readonly (string | undefined)[] }
);

/** Where a COPY or ADD puts things. */
export interface Destination {
  /** Absolute and clean. */
  readonly path: string;
  /** Certainly a directory: it is written as one, or is a working directory. */
  readonly directory: boolean;
}

/** A mount of a RUN that brings files in. */
export interface RunMount {
  /** Undefined where the type isn't known; then it may be a bind mount. */
  readonly type: string | undefined;
  readonly from?: Origin;
  readonly source: string | undefined;
}

/** A stage as the builder carries it out. */
export interface ResolvedStage {
  readonly index: number;
  readonly origin: Origin;
  /** A named context of its name stands in for it: it starts from that and does nothing. */
  readonly replaced: boolean;
  readonly lines: Lines;
  /** In order, the base's ONBUILD triggers first. */
  readonly actions: readonly Action[];
  /** Working directory at its end; undefined where it is not known. */
  readonly workdir: string | undefined;
}
