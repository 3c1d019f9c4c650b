import type { BuildEvent } from "./build-event.ts";
import { LastLines } from "./last-lines.ts";
import { LineBuffer } from "./line-buffer.ts";
import { parseStatus, type Vertex, type VertexLog, type VertexStatus, type VertexWarning } from "./status.ts";

/** What is known of a step that failed. */
export interface FailedStep {
  readonly name: string;
  readonly error: string;
  readonly lastLines: readonly string[];
}

interface Step {
  name: string;
  started: number | undefined;
  completed: number | undefined;
  error: string;
  state: "waiting" | EndState | "started";
  /** Milliseconds of the runs before the present one. */
  earlierMs: number;
  lines: LastLines;
  readonly output: Map<VertexLog["stream"], LineBuffer>;
  /** What was told last of each transfer. */
  readonly transfers: Map<string, string>;
}

/** Merges the builder's status messages, which repeat and split things, into events that each say something new. */
export class Progress {
  readonly #emit: (event: BuildEvent) => void;
  readonly #steps = new Map<string, Step>();
  readonly #warned = new Set<string>();

  constructor(emit: (event: BuildEvent) => void) {
    this.#emit = emit;
  }

  /** Takes one serialized status message. Throws `MalformedMessage`. */
  accept(message: Uint8Array): void {
    const status = parseStatus(message);
    // One message may tell a step's start, output and end; so they are told in this order.
    for (const vertex of status.vertexes) this.#start(vertex);
    for (const { vertex, stream, bytes } of status.logs) {
      for (const text of this.#buffer(vertex, stream).push(bytes)) this.#log(vertex, stream, text);
    }
    for (const transfer of status.statuses) this.#transfer(transfer);
    for (const vertex of status.vertexes) this.#end(vertex);
    for (const warning of status.warnings) this.#warn(warning);
  }

  /** Emits the output that has no line end yet; for the end of the stream. */
  flush(): void {
    for (const id of this.#steps.keys()) this.#flushStep(id);
  }

  /** The step of that digest, or the one that failed by itself when none is named. */
  failed(digest: string | undefined): FailedStep | undefined {
    const named = digest === undefined ? undefined : this.#steps.get(digest);
    const step = named ?? [...this.#steps.values()].find(({ state }) => state === "failed");
    return step && { name: step.name, error: step.error, lastLines: step.lines.texts };
  }

  #step(id: string): Step {
    let step = this.#steps.get(id);
    if (!step) {
      step = {
        name: "",
        started: undefined,
        completed: undefined,
        error: "",
        state: "waiting",
        earlierMs: 0,
        lines: new LastLines(),
        output: new Map(),
        transfers: new Map(),
      };
      this.#steps.set(id, step);
    }
    return step;
  }

  #start(vertex: Vertex): void {
    const step = this.#step(vertex.digest);
    if (vertex.name !== "") step.name = vertex.name;
    if (vertex.started === undefined || vertex.started === step.started) return;
    if (step.started !== undefined && step.completed !== undefined) step.earlierMs += step.completed - step.started;
    step.started = vertex.started;
    step.completed = undefined;
    if (vertex.cached) return;
    step.state = "started";
    this.#emit({ type: "step", id: vertex.digest, name: step.name, state: "started" });
  }

  #end(vertex: Vertex): void {
    const step = this.#step(vertex.digest);
    if (vertex.completed === undefined || vertex.completed === step.completed) return;
    step.completed = vertex.completed;
    step.error = vertex.error;
    step.state = endState(vertex);
    this.#flushStep(vertex.digest);
    if (step.state !== "failed") step.lines = new LastLines();
    const ran = step.started === undefined ? 0 : Math.max(0, vertex.completed - step.started);
    this.#emit({
      type: "step",
      id: vertex.digest,
      name: step.name,
      state: step.state,
      ...(vertex.error === "" ? {} : { error: vertex.error }),
      durationMs: step.earlierMs + ran,
    });
  }

  #transfer({ vertex, what, current, total }: VertexStatus): void {
    const { transfers } = this.#step(vertex);
    const seen = `${current}/${total}`;
    if (transfers.get(what) === seen) return;
    transfers.set(what, seen);
    this.#emit({ type: "progress", id: vertex, what, current, total });
  }

  #warn({ vertex: id, message, detail, url, file, lines }: VertexWarning): void {
    const key = JSON.stringify([id, message, file, lines]);
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    const place = { ...(url === "" ? {} : { url }), ...(file === "" ? {} : { file }), ...(lines ? { lines } : {}) };
    this.#emit({ type: "warning", id, message, detail, ...place });
  }

  #buffer(id: string, stream: VertexLog["stream"]): LineBuffer {
    const { output } = this.#step(id);
    let buffer = output.get(stream);
    if (!buffer) {
      buffer = new LineBuffer();
      output.set(stream, buffer);
    }
    return buffer;
  }

  #log(id: string, stream: VertexLog["stream"], text: string): void {
    this.#step(id).lines.push(stream, text);
    this.#emit({ type: "log", id, stream, text });
  }

  #flushStep(id: string): void {
    for (const [stream, buffer] of this.#step(id).output) {
      const rest = buffer.end();
      if (rest !== undefined) this.#log(id, stream, rest);
    }
  }
}

type EndState = "cached" | "done" | "failed" | "canceled";

function endState(vertex: Vertex): EndState {
  if (vertex.error !== "") return vertex.error.endsWith("context canceled") ? "canceled" : "failed";
  return vertex.cached ? "cached" : "done";
}
