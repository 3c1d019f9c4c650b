/** What a build tells while it runs. `id` names a step and is the same for all its events. */
export type BuildEvent =
  | {
      readonly type: "step";
      readonly id: string;
      /** As the builder writes it: "[2/3] RUN make", "[internal] load build context". */
      readonly name: string;
      /**
       * A step may start again after it was done (first its cache is looked up, then it runs): the last state counts.
       * `canceled` is a step that was stopped because another one failed or the build was given up.
       */
      readonly state: "started" | "cached" | "done" | "failed" | "canceled";
      readonly error?: string;
      /** All the time that the step ran so far, by the engine's clock. */
      readonly durationMs?: number;
    }
  | {
      readonly type: "log";
      readonly id: string;
      readonly stream: "stdout" | "stderr";
      /** One line without its end, as the step wrote it: it may hold escape sequences. */
      readonly text: string;
    }
  | {
      readonly type: "progress";
      readonly id: string;
      /** What is moved: "transferring context:", a layer's digest. */
      readonly what: string;
      readonly current: number;
      /** 0 where it is not known. */
      readonly total: number;
    }
  | {
      readonly type: "warning";
      readonly id: string;
      readonly message: string;
      readonly detail: readonly string[];
      /** Where the rule is explained. */
      readonly url?: string;
      readonly file?: string;
      /** 1-based lines of `file`, the last one included. */
      readonly lines?: { readonly first: number; readonly last: number };
    }
  /** The builder has told that there is no more to come of its steps: its answer may take a moment longer. Not told of every build. */
  | { readonly type: "over" };
