import type { Event } from "../event.ts";
import type { Plan } from "../plan/plan.ts";
import type { Clock } from "../std/clock.ts";
import { LiveArea } from "./live-area.ts";
import { noticeLines } from "./notice-view.ts";
import { PlanAnnouncer } from "./plan-announcer.ts";
import type { Output, Style } from "./style.ts";
import { PlanProgress } from "./target-progress.ts";

/**
 * Renders events for somebody who watches a terminal. Each plan that is carried out gets a live list, which appears with
 * its first action and stays when it is done; news between and during lists are lines above what is live.
 */
export class TerminalRenderer {
  readonly #output: Output;
  readonly #area: LiveArea;
  readonly #style: Style;
  readonly #verbose: boolean;
  readonly #clock: Clock;
  readonly #announcer = new PlanAnnouncer();
  #progress: PlanProgress | undefined;
  /** Whether the current plan's list has been begun. */
  #shown = false;
  /** Lists that are not drawn to their end yet. */
  #lists = 0;
  /** Prints that wait for the list above them. */
  #held = 0;
  /** Settles when all of these are done; each waits for those before it. */
  #drawn: Promise<void> = Promise.resolve();

  constructor(of: {
    readonly stdout: Output;
    readonly stderr: Output;
    readonly style: Style;
    readonly verbose: boolean;
    readonly clock: Clock;
  }) {
    this.#output = of.stderr;
    this.#area = new LiveArea(of.stderr, [of.stdout]);
    this.#style = of.style;
    this.#verbose = of.verbose;
    this.#clock = of.clock;
  }

  emit(event: Event): void {
    if (event.type === "plan") return this.#plan(event.plan);
    this.#progress?.take(event, this.#clock.now());
    if ("id" in event && this.#progress?.has(event.id)) this.#show(this.#progress);
    this.#print(noticeLines(event, this.#style, this.#verbose));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#progress?.abandon(this.#clock.now());
    await this.#drawn;
  }

  #plan(plan: Plan): void {
    this.#progress?.abandon(this.#clock.now());
    this.#progress = new PlanProgress(plan);
    this.#shown = false;
    const text = this.#announcer.announce(plan, this.#style);
    if (text !== undefined) this.#print([...text.split("\n"), ...(plan.actions.length > 0 ? [""] : [])]);
  }

  #show(progress: PlanProgress): void {
    if (this.#shown) return;
    this.#shown = true;
    this.#lists += 1;
    this.#follow(this.#draw(progress, this.#drawn));
  }

  async #draw(progress: PlanProgress, before: Promise<void>): Promise<void> {
    try {
      await before;
      const { drawProgress } = await import("./tty.ts");
      await drawProgress(progress, { area: this.#area, style: this.#style, clock: this.#clock });
    } finally {
      this.#lists -= 1;
    }
  }

  #print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const write = (): void => void this.#output.write(`${lines.join("\n")}\n`);
    if (!this.#belongsBelow()) return write();
    this.#held += 1;
    this.#follow(
      this.#drawn.finally(() => {
        this.#held -= 1;
        write();
      }),
    );
  }

  /** True when a list that has ended is still being drawn: what is news now belongs below it. */
  #belongsBelow(): boolean {
    const earlier = this.#lists - (this.#shown ? 1 : 0);
    return this.#held > 0 || earlier > 0 || (this.#lists > 0 && this.#progress?.isEnded === true);
  }

  #follow(next: Promise<void>): void {
    this.#drawn = next;
    // Disposal awaits the same promise and tells; until then nobody does.
    next.catch(() => {});
  }
}
