import { DefaultRenderer, Listr, ListrLogger, ProcessOutput, Spinner } from "listr2";
import type { Clock } from "../std/clock.ts";
import type { LiveArea } from "./live-area.ts";
import { type LiveFrame, liveLines, widestTarget } from "./live-lines.ts";
import type { Style } from "./style.ts";
import type { PlanProgress, TargetProgress } from "./target-progress.ts";

/** What the display draws with. */
interface Surroundings {
  readonly area: LiveArea;
  readonly style: Style;
  readonly clock: Clock;
}

/**
 * Draws the targets' progress with listr2, a task each, until all of them have ended; the last frame stays. Who runs the
 * actions decides what ends: the tasks only wait for it. The cursor is shown again however this ends.
 */
export async function drawProgress(progress: PlanProgress, of: Surroundings): Promise<void> {
  const { area } = of;
  const display = new Display(progress, of);
  const showCursor = (): void => {
    area.draw("\x1b[?25h");
  };
  process.once("exit", showCursor);
  area.open();
  try {
    await display.run();
  } finally {
    showCursor();
    area.close();
    process.removeListener("exit", showCursor);
  }
}

/** Keeps each task's title in step with its target. */
class Display {
  readonly #list: Listr<unknown, typeof LiveRenderer>;
  readonly #targets: readonly TargetProgress[];
  readonly #of: Surroundings;
  readonly #targetWidth: number;
  #tick = 0;

  constructor(progress: PlanProgress, of: Surroundings) {
    this.#of = of;
    this.#targets = progress.targets;
    this.#targetWidth = widestTarget(progress.targets);
    this.#list = new Listr<unknown, typeof LiveRenderer>(
      this.#targets.map((target, index) => ({
        title: this.#title(target),
        task: async () => {
          await target.ended;
          this.#refresh(index);
        },
      })),
      {
        concurrent: true,
        exitOnError: false,
        registerSignalListeners: false,
        renderer: LiveRenderer,
        rendererOptions: {
          spinner: new LiveSpinner(() => this.#next()),
          logger: new ListrLogger({ useIcons: false, processOutput: new AreaOutput(of.area) }),
          formatOutput: "truncate",
          // The title brings its own sign: listr2 has none for what waits.
          icon: NO_ICONS,
        },
      },
    );
  }

  async run(): Promise<void> {
    await this.#list.run();
  }

  #next(): void {
    this.#tick += 1;
    for (const index of this.#targets.keys()) this.#refresh(index);
  }

  #refresh(index: number): void {
    const [task, target] = [this.#list.tasks[index], this.#targets[index]];
    // Not through the task's setter: that would draw a frame for every title.
    if (task && target) task.title = this.#title(target);
  }

  #title(target: TargetProgress): string {
    const { style, clock, area } = this.#of;
    // Listr2 keeps two cells free and measures stdout, which may be no terminal.
    const width = Math.min(area.columns, process.stdout.columns ?? 80) - 3;
    const frame: LiveFrame = { now: clock.now(), targetWidth: this.#targetWidth, width, tick: this.#tick, style };
    return liveLines(target, frame).join("\n");
  }
}

const NO_ICONS = { PENDING: "", COMPLETED: "", FAILED: "", WAITING: "" };

/** Listr2 goes by whether stdout is a terminal; progress goes to stderr. */
class LiveRenderer extends DefaultRenderer {
  static override nonTTY = true as false;
}

/** The display's one clock hand: the titles are made anew just before each frame. */
class LiveSpinner extends Spinner {
  readonly #beforeFrame: () => void;

  constructor(beforeFrame: () => void) {
    super();
    this.#beforeFrame = beforeFrame;
  }

  override spin(): void {
    super.spin();
    this.#beforeFrame();
  }

  override fetch(): string {
    return "";
  }
}

/** Lets frames through to the live area, which looks after everybody else's output itself. */
class AreaOutput extends ProcessOutput {
  readonly #area: LiveArea;

  constructor(area: LiveArea) {
    super();
    this.#area = area;
  }

  override get stdout(): NodeJS.WriteStream {
    const area = this.#area;
    const stream = {
      write: area.draw,
      get columns(): number {
        return area.columns;
      },
      get rows(): number {
        return area.rows;
      },
    };
    return stream as unknown as NodeJS.WriteStream;
  }

  override hijack(): void {
    this.#area.draw("\x1b[?25l");
  }

  override release(): void {}

  override toStdout(text: string, eol = true): boolean {
    return this.#area.draw(eol ? `${text}\n` : text);
  }
}
