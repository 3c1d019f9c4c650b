import type { BuildEvent } from "./build-event.ts";
import { LineBuffer } from "./line-buffer.ts";
import { parseStatus, type Vertex, type VertexLog } from "./status.ts";

/** Lines of a failed step's output that are kept for the error. */
const KEPT_LINES = 20;

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
  state: "waiting" | "started" | "cached" | "done" | "failed" | "canceled";
  /** Milliseconds of the runs before the present one. */
  earlierMs: number;
  lines: string[];
  readonly output: Map<VertexLog["stream"], LineBuffer>;
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
    // What a step wrote comes before the news that it has ended, also when both are in one message.
    for (const vertex of status.vertexes) this.#name(vertex);
    for (const { vertex, stream, bytes } of status.logs) {
      for (const text of this.#buffer(vertex, stream).push(bytes)) this.#log(vertex, stream, text);
    }
    for (const { vertex, what, current, total } of status.statuses) {
      this.#emit({ type: "progress", id: vertex, what, current, total });
    }
    for (const vertex of status.vertexes) this.#advance(vertex);
    for (const warning of status.warnings) {
      const { vertex: id, message: text, detail, url, file, lines } = warning;
      const key = JSON.stringify([id, text, file, lines]);
      if (this.#warned.has(key)) continue;
      this.#warned.add(key);
      const place = { ...(url === "" ? {} : { url }), ...(file === "" ? {} : { file }), ...(lines ? { lines } : {}) };
      this.#emit({ type: "warning", id, message: text, detail, ...place });
    }
  }

  /** Emits the output that has no line end yet; for the end of the stream. */
  flush(): void {
    for (const id of this.#steps.keys()) this.#flushStep(id);
  }

  /** The step of that digest, or the one that failed by itself when none is named. */
  failed(digest: string | undefined): FailedStep | undefined {
    const named = digest === undefined ? undefined : this.#steps.get(digest);
    const step = named ?? [...this.#steps.values()].find(({ state }) => state === "failed");
    return step && { name: step.name, error: step.error, lastLines: step.lines };
  }

  #step(id: string): Step {
    let step = this.#steps.get(id);
    if (!step) {
      const [name, error] = ["", ""];
      step = {
        name,
        error,
        started: undefined,
        completed: undefined,
        state: "waiting",
        earlierMs: 0,
        lines: [],
        output: new Map(),
      };
      this.#steps.set(id, step);
    }
    return step;
  }

  #name(vertex: Vertex): void {
    const step = this.#step(vertex.digest);
    if (vertex.name !== "") step.name = vertex.name;
  }

  #advance(vertex: Vertex): void {
    const step = this.#step(vertex.digest);
    const id = vertex.digest;
    if (vertex.started !== undefined && vertex.started !== step.started) {
      // An update may tell a run's start for the first time together with its end, or tell it again unchanged.
      if (step.started !== undefined && step.completed !== undefined) step.earlierMs += step.completed - step.started;
      step.started = vertex.started;
      step.completed = undefined;
      if (vertex.completed === undefined || !vertex.cached) {
        step.state = "started";
        this.#emit({ type: "step", id, name: step.name, state: "started" });
      }
    }
    if (vertex.completed === undefined || vertex.completed === step.completed) return;
    step.completed = vertex.completed;
    step.error = vertex.error;
    step.state = endState(vertex);
    this.#flushStep(id);
    if (step.state !== "failed") step.lines = [];
    const ran = step.started === undefined ? 0 : Math.max(0, vertex.completed - step.started);
    const error = vertex.error === "" ? {} : { error: vertex.error };
    this.#emit({ type: "step", id, name: step.name, state: step.state, ...error, durationMs: step.earlierMs + ran });
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
    const { lines } = this.#step(id);
    lines.push(text);
    if (lines.length > KEPT_LINES) lines.shift();
    this.#emit({ type: "log", id, stream, text });
  }

  #flushStep(id: string): void {
    for (const [stream, buffer] of this.#step(id).output) {
      const rest = buffer.end();
      if (rest !== undefined) this.#log(id, stream, rest);
    }
  }
}

function endState(vertex: Vertex): "cached" | "done" | "failed" | "canceled" {
  if (vertex.error !== "") return vertex.error.endsWith("context canceled") ? "canceled" : "failed";
  return vertex.cached ? "cached" : "done";
}
