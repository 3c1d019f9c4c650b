import { DockError } from "../error.ts";
import type { Inputs } from "../plan/inputs.ts";
import { joined, type Span } from "./batch.ts";
import type { FileChange } from "./snapshot.ts";

/** A change whose meaning only the images' inputs tell. */
export interface OpenQuestion {
  readonly change: FileChange;
  /** What has been decided about it already. */
  readonly decided: ReadonlySet<string>;
}

/** The inputs as they are after the changes; undefined when they could not be gathered. */
export interface Answer {
  readonly questions: readonly OpenQuestion[];
  readonly span: Span;
  readonly fresh: Inputs | undefined;
}

/** What an assessment needs of the rest. */
export interface AssessmentOptions {
  readonly gather: () => Promise<Inputs>;
  readonly answered: (answer: Answer) => void;
  /** Told when a defect or the end of the loop ended it. */
  readonly broken: (error: unknown) => void;
}

/** Gathers inputs for changes that need it: at most one gathering at a time, begun after the changes that it answers. */
export class Assessment {
  readonly #options: AssessmentOptions;
  #questions: OpenQuestion[] = [];
  #span: Span | undefined;
  #running: Promise<void> | undefined;

  constructor(options: AssessmentOptions) {
    this.#options = options;
  }

  ask(question: OpenQuestion, span: Span): void {
    this.#questions.push(question);
    this.#span = this.#span ? joined(this.#span, span) : span;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when nothing is being gathered. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #work(): Promise<void> {
    // What is asked in the same turn is answered together.
    await Promise.resolve();
    while (this.#span) {
      const questions = this.#questions;
      const span = this.#span;
      this.#questions = [];
      this.#span = undefined;
      try {
        this.#options.answered({ questions, span, fresh: await this.#fresh() });
      } catch (error) {
        this.#options.broken(error);
        return;
      }
    }
  }

  /** What can't be read is no answer: the next run tells what is wrong with it. */
  async #fresh(): Promise<Inputs | undefined> {
    try {
      return await this.#options.gather();
    } catch (error) {
      if (error instanceof DockError && error.code !== "interrupted" && error.code !== "terminated") return undefined;
      throw error;
    }
  }
}
