import type { Heredoc } from "./heredoc.ts";
import type { Lines } from "./scan.ts";
import type { Word } from "./traced.ts";

/** `ARG name[=default]`, one of an instruction's. */
export interface ArgumentDeclaration {
  readonly name: string;
  /** As it is written, quotes and variables included. */
  readonly default?: string;
}

/** A `--name[=value]` of an instruction. */
export interface Flag {
  readonly name: string;
  readonly value?: Word;
}

/** A `RUN --mount`; texts are as they are written. */
export interface Mount {
  /** `bind` unless it says otherwise. */
  readonly type: string;
  readonly from?: Word;
  readonly source: string;
}

/** What COPY and ADD have in common; texts are as they are written. */
export interface Transfer {
  readonly flags: readonly Flag[];
  /** Without heredocs. */
  readonly sources: readonly string[];
  readonly destination: string;
}

/** One instruction of a stage. */
export type Instruction = { readonly lines: Lines } & (
  | { readonly kind: "arg"; readonly declarations: readonly ArgumentDeclaration[] }
  | { readonly kind: "env"; readonly variables: readonly (readonly [name: string, value: string])[] }
  | ({ readonly kind: "copy"; readonly from?: Word } & Transfer)
  | ({ readonly kind: "add" } & Transfer)
  | {
      readonly kind: "run";
      readonly command: string;
      readonly mounts: readonly Mount[];
      readonly heredocs: readonly Heredoc[];
    }
  | { readonly kind: "workdir"; readonly path: string }
  | { readonly kind: "volume"; readonly paths: readonly string[] }
  /** Runs when a stage or image is built from this one. */
  | { readonly kind: "onbuild"; readonly trigger: Instruction }
  /** Reads no files and names no images. */
  | { readonly kind: "other"; readonly name: string }
);

/** `FROM`, and what follows it up to the next one. */
export interface Stage {
  /** Counted from 0. */
  readonly index: number;
  /** In lower case. */
  readonly name?: string;
  readonly base: Word;
  readonly platform?: string;
  /** Of the FROM. */
  readonly lines: Lines;
  readonly instructions: readonly Instruction[];
}
