import { spawn } from "node:child_process";
import { DockError } from "../error.ts";
import type { Event } from "../event.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import type { PlanRequest } from "../plan/request.ts";
import type { Project } from "../project/model.ts";
import { formatError } from "../ui/error-view.ts";
import { formatPlan } from "../ui/plan-view.ts";
import { WatchScreen, type ScreenService } from "../ui/watch-screen.ts";
import { followLogs } from "./follow-logs.ts";
import { stderrStyle } from "./report.ts";
import { slotContainers } from "./service-containers.ts";
import type { Session } from "./session.ts";
import { isAttended, watchKeys } from "./watch-keys.ts";
import { survey } from "./world.ts";

/** What the keys act on. */
export interface ConsoleOptions {
  readonly project: () => Project;
  readonly request: PlanRequest;
  /** Builds all images again. */
  readonly rebuild: () => void;
}

/** The terminal of somebody who watches: a screen below what scrolls, and keys. Without a terminal only the signal of `quit`. */
export class WatchConsole implements Disposable {
  readonly quit: AbortSignal;
  readonly #session: Session;
  readonly #options: ConsoleOptions;
  readonly #keys: ReturnType<typeof watchKeys>;
  readonly #screen: WatchScreen | undefined;
  #services: readonly ScreenService[] = [];
  #logs: AbortController | undefined;
  #begun = false;

  constructor(session: Session, options: ConsoleOptions) {
    this.#session = session;
    this.#options = options;
    const { stdout, stderr } = session.io;
    this.#screen = isAttended(session) ? new WatchScreen({ stdout, stderr, style: stderrStyle(session) }) : undefined;
    this.#keys = watchKeys(session, (key) => this.#pressed(key));
    this.quit = this.#keys.quit;
  }

  get hasScreen(): boolean {
    return this.#screen !== undefined;
  }

  /** Takes in what the watch says; must come after it was shown. */
  note(event: Event): void {
    this.#screen?.note(event);
    if (event.type !== "watch-ready") return;
    this.#begun = true;
    this.#screen?.show();
  }

  /** A line about how the watch works that stays. */
  remark(text: string): void {
    if (this.#screen) this.#screen.remark = text;
  }

  seen(services: readonly ScreenService[]): void {
    this.#services = services;
    if (this.#screen) this.#screen.services = services;
  }

  /** Makes room for what draws a run, or for a question. */
  hide(): void {
    this.#screen?.hide();
  }

  /** Shows the screen again, below all that was printed meanwhile. */
  async show(): Promise<void> {
    if (!this.#screen || !this.#begun) return;
    this.#screen.hide();
    await this.#session.releaseTerminal();
    if (!this.quit.aborted) this.#screen.show();
  }

  [Symbol.dispose](): void {
    this.#logs?.abort();
    this.#screen?.[Symbol.dispose]();
    this.#keys[Symbol.dispose]();
  }

  #pressed(key: string): void {
    if (!this.#begun) return;
    const does: Readonly<Record<string, () => Promise<void> | void>> = {
      r: () => this.#options.rebuild(),
      l: () => this.#toggleLogs(),
      p: () => this.#plan(),
      o: () => this.#open(),
      "?": () => this.#screen?.toggleHelp(),
    };
    Promise.resolve(does[key]?.()).catch((error: unknown) => {
      if (!(error instanceof DockError)) throw error;
      this.#say(formatError(error, stderrStyle(this.#session)));
    });
  }

  async #plan(): Promise<void> {
    const { reconciled } = await survey(this.#session, this.#options.project(), this.#options.request);
    this.#say(formatPlan(reconciled.plan, stderrStyle(this.#session)));
  }

  async #toggleLogs(): Promise<void> {
    if (this.#logs) {
      this.#logs.abort();
      this.#logs = undefined;
      return this.remark("");
    }
    const logs = new AbortController();
    this.#logs = logs;
    this.remark("following the services' output: l to stop");
    const session = { ...this.#session, signal: AbortSignal.any([this.#session.signal, this.quit, logs.signal]) };
    const choice = { project: this.#options.project(), services: [], index: undefined };
    const containers: readonly ObservedContainer[] = await slotContainers(session, choice);
    await followLogs(session, { containers, choice, follow: true, from: () => ({ tail: 5 }), timestamps: false });
  }

  #open(): void {
    const url = this.#services.find((service) => service.url !== undefined)?.url;
    if (url === undefined) return this.#say("no service is published on a port");
    const program = process.platform === "darwin" ? "open" : "xdg-open";
    const opened = spawn(program, [url], { detached: true, stdio: "ignore" });
    opened.once("error", () => this.#say(`${program} can't be run: open ${url} yourself`));
    opened.unref();
    this.#say(`opening ${url}`);
  }

  #say(text: string): void {
    this.#session.io.stderr.write(`${this.#session.redactor.mask(text)}\n`);
  }
}
