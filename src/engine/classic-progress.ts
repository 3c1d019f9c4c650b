import { DockError } from "../error.ts";
import type { BuildEvent } from "./buildkit/build-event.ts";
import { errorLines } from "./buildkit/dockerfile-lines.ts";
import { BuildFailure } from "./buildkit/failure.ts";
import { LastLines } from "./buildkit/last-lines.ts";
import { LineBuffer } from "./buildkit/line-buffer.ts";
import { asOptionalObject, asOptionalText, type JsonObject } from "./shape.ts";

/** Makes the older builder's text into the events of a build: `Step 2/3 : RUN make` begins a step and ends the one before. */
export class ClassicProgress {
  readonly #dockerfile: { readonly name: string; readonly text: string };
  readonly #emit: (event: BuildEvent) => void;
  readonly #buffer = new LineBuffer();
  #lines = new LastLines();
  #step: { readonly id: string; readonly name: string; cached: boolean } | undefined;
  #image: string | undefined;

  constructor(dockerfile: { readonly name: string; readonly text: string }, emit: (event: BuildEvent) => void) {
    this.#dockerfile = dockerfile;
    this.#emit = emit;
  }

  /** Takes one message. Throws `BuildFailure` for one that tells of an error. */
  take(message: JsonObject): void {
    const id = asOptionalText(asOptionalObject(message["aux"], "aux")["ID"], "aux.ID");
    if (id !== "") this.#image = id;
    const detail = asOptionalObject(message["errorDetail"], "errorDetail");
    const error = asOptionalText(detail["message"], "errorDetail.message") || asOptionalText(message["error"], "error");
    if (error !== "") throw this.#failure(error, detail["code"]);
    const text = asOptionalText(message["stream"], "stream");
    for (const line of this.#buffer.push(Buffer.from(text))) this.#line(line);
  }

  /** The id of the image that came out. Throws `engine-broken` where the engine tells none. */
  end(): string {
    this.#endStep("done");
    if (this.#image !== undefined) return this.#image;
    throw new DockError("engine-broken", "the engine ended the build without an error and told no image");
  }

  #line(line: string): void {
    const step = /^Step (\d+\/\d+) : (.*)$/s.exec(line);
    if (step) {
      this.#endStep("done");
      const [, number = "", text = ""] = step;
      this.#step = { id: number, name: `[${number}] ${text}`, cached: false };
      this.#lines = new LastLines();
      this.#emit({ type: "step", id: number, name: this.#step.name, state: "started" });
    } else if (line === " ---> Using cache") {
      if (this.#step) this.#step.cached = true;
    } else if (this.#step && line !== "" && !/^ ---> |^Removing intermediate container |^Successfully /.test(line)) {
      this.#lines.push("stdout", line);
      this.#emit({ type: "log", id: this.#step.id, stream: "stdout", text: line });
    }
  }

  #endStep(state: "done" | "failed"): void {
    const step = this.#step;
    this.#step = undefined;
    if (step) this.#emit({ type: "step", id: step.id, name: step.name, state: step.cached ? "cached" : state });
  }

  #failure(message: string, code: unknown): BuildFailure {
    const rest = this.#buffer.end();
    if (rest !== undefined) this.#line(rest);
    const { name = "" } = this.#step ?? {};
    this.#endStep("failed");
    const exitCode = typeof code === "number" && code > 0 ? code : undefined;
    const ranges = errorLines(this.#dockerfile.text, { step: name, message });
    const source = ranges.length > 0 ? { file: this.#dockerfile.name, text: this.#dockerfile.text, ranges } : undefined;
    const step = name === "" ? undefined : name;
    const text =
      step === undefined
        ? message
        : `step ${step} failed${exitCode === undefined ? `: ${message}` : ` with exit code ${exitCode}`}`;
    return new BuildFailure(text, { step, exitCode, source, lastLines: this.#lines.texts }, undefined);
  }
}
