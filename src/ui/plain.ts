import type { Event } from "../event.ts";
import type { Action, ActionId, Plan } from "../plan/plan.ts";
import { formatDuration } from "../std/duration.ts";
import { BuildLines } from "./build-lines.ts";
import { noticeLines } from "./notice-view.ts";
import { operationWords } from "./operation-words.ts";
import { TARGET_WIDTH } from "./plan-view.ts";
import { PlanAnnouncer } from "./plan-announcer.ts";
import { sanitizeName } from "./sanitize.ts";
import type { Output, Style } from "./style.ts";
import type { ActionEvent } from "./target-progress.ts";
import { displayWidth, pad } from "./width.ts";

/** Renders events as lines that are never changed again, for pipes, files and CI: what took how long, in the order it ended. */
export class PlainRenderer {
  readonly #output: Output;
  readonly #style: Style;
  readonly #verbose: boolean;
  readonly #announcer = new PlanAnnouncer();
  readonly #actions = new Map<ActionId, Action>();
  readonly #builds = new Map<string, BuildLines>();
  readonly #leftOut = new Set<string>();
  readonly #tagsLeft = new Map<string, number>();
  #targetWidth = 0;
  #imageWidth = 0;

  constructor(of: { readonly output: Output; readonly style: Style; readonly verbose: boolean }) {
    this.#output = of.output;
    this.#style = of.style;
    this.#verbose = of.verbose;
  }

  emit(event: Event): void {
    if (event.type === "plan") this.#plan(event.plan);
    else if ("id" in event) this.#action(event);
    else if (event.type === "build-step" || event.type === "build-log" || event.type === "build-progress") {
      this.#print(this.#build(event.image).take(event));
    } else this.#print(noticeLines(event, this.#style, this.#verbose));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const build of this.#builds.values()) this.#print(build.end());
  }

  #plan(plan: Plan): void {
    this.#actions.clear();
    this.#builds.clear();
    this.#leftOut.clear();
    this.#tagsLeft.clear();
    for (const { operation, target } of plan.actions)
      if (operation.kind === "image.remove") this.#tagsLeft.set(target, (this.#tagsLeft.get(target) ?? 0) + 1);
    for (const action of plan.actions) this.#actions.set(action.id, action);
    const widest = Math.max(0, ...plan.actions.map(({ target }) => displayWidth(sanitizeName(target))));
    this.#targetWidth = Math.min(widest, TARGET_WIDTH);
    this.#imageWidth = Math.max(0, ...plan.actions.map((action) => displayWidth(imageOf(action) ?? "")));
    const text = this.#announcer.announce(plan, this.#style);
    if (text !== undefined) this.#print([...text.split("\n"), ...(plan.actions.length > 0 ? [""] : [])]);
  }

  #action(event: ActionEvent): void {
    const action = this.#actions.get(event.id);
    if (!action) return;
    const image = imageOf(action);
    const build = image === undefined ? undefined : this.#build(image);
    if (event.type !== "action-started") this.#print(build?.end() ?? []);
    const line = this.#isNews(event, action) ? this.#actionLine(event, action) : undefined;
    if (line !== undefined) this.#print([line]);
    if (event.type === "action-failed" && event.error.detail === undefined) this.#print(build?.lastLines() ?? []);
  }

  /** That a target is left out is said once, however many actions it has; that an image loses tags with the last one. */
  #isNews(event: ActionEvent, action: Action): boolean {
    if (event.type === "action-done" && action.operation.kind === "image.remove") {
      const left = (this.#tagsLeft.get(action.target) ?? 1) - 1;
      this.#tagsLeft.set(action.target, left);
      return left === 0;
    }
    if (event.type !== "action-skipped") return true;
    const news = !this.#leftOut.has(action.target);
    this.#leftOut.add(action.target);
    return news;
  }

  #actionLine(event: ActionEvent, action: Action): string | undefined {
    const { green, red, dim, symbols } = this.#style;
    const words = operationWords(action.operation);
    const target = pad(sanitizeName(action.target), this.#targetWidth);
    const line = (symbol: string, text: string, more = ""): string =>
      `${symbol} ${target}  ${text}${more === "" ? "" : `  ${dim(more)}`}`;
    switch (event.type) {
      case "action-started":
        return words.slow ? line(" ", words.doing) : undefined;
      case "action-done": {
        const note = event.note === undefined ? "" : `  ${sanitizeName(event.note)}`;
        return line(green(symbols.done), words.done, formatDuration(event.durationMs) + note);
      }
      case "action-unneeded":
        return line(dim(symbols.done), "unchanged", sanitizeName(event.note));
      case "action-skipped":
        return line(dim(symbols.skipped), `not ${words.done}`, sanitizeName(event.because));
      case "action-failed": {
        const message = sanitizeName(event.error.message.split("\n")[0] ?? "");
        return line(red(symbols.failed), red(`not ${words.done}: ${message}`), formatDuration(event.durationMs));
      }
    }
  }

  #build(image: string): BuildLines {
    let build = this.#builds.get(image);
    if (!build) {
      const prefix = `  ${this.#style.cyan(pad(sanitizeName(image), this.#imageWidth))}`;
      build = new BuildLines({ prefix, style: this.#style, verbose: this.#verbose });
      this.#builds.set(image, build);
    }
    return build;
  }

  #print(lines: readonly string[]): void {
    if (lines.length > 0) this.#output.write(`${lines.join("\n")}\n`);
  }
}

/** Key of the image that the action builds. */
function imageOf(action: Action): string | undefined {
  return action.operation.kind === "image.build" ? action.operation.image : undefined;
}
