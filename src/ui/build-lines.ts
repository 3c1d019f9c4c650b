import type { Event } from "../event.ts";
import { formatDuration } from "../std/duration.ts";
import { type BuildEvent, isInstruction } from "./build-progress.ts";
import { closeColors, sanitizeName, sanitizeText } from "./sanitize.ts";
import type { Style } from "./style.ts";
import { truncate } from "./width.ts";

/** A step's own lines that are kept to be shown should it fail. */
const KEPT_LINES = 20;
/** The builder's housekeeping is worth a line when it takes this long, in milliseconds. */
const WORTH_A_LINE = 1000;
/** Cells of a step's name where no terminal says how wide a line may be. */
const NAME_WIDTH = 160;

/** Tells one image's build in plain lines: steps when they are done, cached ones folded into a count. */
export class BuildLines {
  readonly #prefix: string;
  readonly #style: Style;
  readonly #verbose: boolean;
  readonly #kept = new Map<string, string[]>();
  #cached = 0;
  #failed: string | undefined;

  constructor(of: { readonly prefix: string; readonly style: Style; readonly verbose: boolean }) {
    this.#prefix = of.prefix;
    this.#style = of.style;
    this.#verbose = of.verbose;
  }

  /** The lines that the event is worth, each with the image before it. */
  take(event: BuildEvent): readonly string[] {
    if (event.type === "build-step") return this.#step(event);
    if (event.type === "build-progress") return [];
    const lines = sanitizeText(event.text).split("\n");
    const kept = this.#kept.get(event.step) ?? [];
    this.#kept.set(event.step, [...kept, ...lines].slice(-KEPT_LINES));
    return this.#verbose ? lines.map((line) => this.#logLine(line)) : [];
  }

  /** What has been held back, for the end of the build. */
  end(): readonly string[] {
    const cached = this.#cached;
    this.#cached = 0;
    return cached === 0 ? [] : [this.#line(this.#style.dim(`${cached} ${cached === 1 ? "step" : "steps"} cached`))];
  }

  /** The last lines of the failed step, where they have not been printed already. */
  lastLines(): readonly string[] {
    const lines = this.#failed === undefined ? [] : (this.#kept.get(this.#failed) ?? []);
    return this.#verbose ? [] : lines.map((line) => this.#logLine(line));
  }

  #step(event: Extract<Event, { readonly type: "build-step" }>): readonly string[] {
    const { red, dim, symbols } = this.#style;
    const own = isInstruction(event.name);
    const name = truncate(sanitizeName(event.name), NAME_WIDTH, symbols.ellipsis);
    const time = event.durationMs === undefined ? "" : `  ${dim(formatDuration(event.durationMs))}`;
    switch (event.state) {
      case "running":
        return this.#verbose && own ? [...this.end(), this.#line(name)] : [];
      case "cached":
        if (own) this.#cached += 1;
        return [];
      case "done":
        this.#kept.delete(event.step);
        if (!own && !this.#verbose && (event.durationMs ?? 0) < WORTH_A_LINE) return [];
        return [...this.end(), this.#line(`${own ? name : dim(name)}${time}`)];
      case "failed":
        this.#failed = event.step;
        return [...this.end(), this.#line(`${red(`${name}  failed`)}${time}`)];
    }
  }

  #line(text: string): string {
    return `${this.#prefix}  ${text}`;
  }

  #logLine(line: string): string {
    return this.#line(`${this.#style.dim(this.#style.symbols.rule)} ${closeColors(line, this.#style.color)}`);
  }
}
