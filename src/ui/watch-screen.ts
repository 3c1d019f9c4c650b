import type { Event } from "../event.ts";
import { formatDuration } from "../std/duration.ts";
import { LiveArea } from "./live-area.ts";
import { sanitizeName } from "./sanitize.ts";
import type { Output, Style } from "./style.ts";
import { displayWidth, pad, truncate } from "./width.ts";

/** What the screen shows of a service. */
export interface ScreenService {
  readonly name: string;
  /** "running", "starting", "exited (1)": as the worst of its containers is. */
  readonly state: string;
  readonly isFine: boolean;
  readonly replicas: number;
  /** Where its first published port answers. */
  readonly url?: string;
}

/** Keys and what they do. */
export const KEYS: readonly (readonly [key: string, does: string, inFull: string])[] = [
  ["r", "rebuild", "build all images again, also where nothing changed"],
  ["l", "logs", "follow the services' output, or stop following it"],
  ["p", "plan", "show what up would do now"],
  ["o", "open", "open the first service that answers at an address"],
  ["?", "help", "show what the keys do"],
  ["q", "quit", "leave; the containers go on"],
];

/** Times of saves that are kept for the figures. */
const KEPT = 500;

/**
 * The last lines of a terminal while a project is watched: services with their state and address, how long saves took,
 * and the keys. What else is written meanwhile appears above. Hidden it leaves nothing behind, also when the process ends.
 */
export class WatchScreen implements Disposable {
  readonly #area: LiveArea;
  readonly #style: Style;
  readonly #times: number[] = [];
  #services: readonly ScreenService[] = [];
  #remark: string | undefined;
  #help = false;
  #shown = false;
  readonly #atExit = (): void => this.hide();

  constructor(of: { readonly stdout: Output; readonly stderr: Output; readonly style: Style }) {
    this.#area = new LiveArea(of.stderr, [of.stdout]);
    this.#style = of.style;
    process.once("exit", this.#atExit);
  }

  /** Takes in how long a save took until it was acted on. */
  note(event: Event): void {
    if (event.type !== "watch-action" || !event.ok || event.files.length === 0) return;
    this.#times.push(event.durationMs);
    if (this.#times.length > KEPT) this.#times.shift();
    this.#redraw();
  }

  /** What is known of the services now. */
  set services(services: readonly ScreenService[]) {
    this.#services = services;
    this.#redraw();
  }

  /** A line that stays until it is replaced: what watching costs, that logs are followed. */
  set remark(remark: string | undefined) {
    this.#remark = remark === "" ? undefined : remark;
    this.#redraw();
  }

  toggleHelp(): void {
    this.#help = !this.#help;
    this.#redraw();
  }

  show(): void {
    if (this.#shown) return;
    this.#shown = true;
    this.#area.open();
    this.#redraw();
  }

  /** Gives the terminal to somebody else. */
  hide(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#area.draw(ERASE);
    this.#area.close();
  }

  [Symbol.dispose](): void {
    this.hide();
    process.removeListener("exit", this.#atExit);
  }

  #redraw(): void {
    if (!this.#shown) return;
    const width = Math.max(20, this.#area.columns - 1);
    const lines = screenLines(
      { services: this.#services, times: this.#times, remark: this.#remark, help: this.#help },
      { style: this.#style, width, height: Math.max(4, this.#area.rows - 2) },
    );
    this.#area.draw(`${ERASE}${lines.join("\n")}\n`);
  }
}

/** What a display that redraws itself writes first, to take back what it drew. */
const ERASE = "\x1b[2K\x1b[G";

/** What the screen is drawn from. */
export interface ScreenState {
  readonly services: readonly ScreenService[];
  /** Milliseconds of saves, oldest first. */
  readonly times: readonly number[];
  readonly remark: string | undefined;
  readonly help: boolean;
}

/** The screen's lines, none wider than `width` and no more than `height`: the keys last. */
export function screenLines(
  { services, times, remark, help }: ScreenState,
  of: { readonly style: Style; readonly width: number; readonly height: number },
): readonly string[] {
  const { style, width, height } = of;
  const { ellipsis } = style.symbols;
  const names = services.map(({ name, replicas }) => sanitizeName(replicas > 1 ? `${name} ×${replicas}` : name));
  const nameWidth = Math.min(Math.max(0, ...names.map(displayWidth)), Math.floor(width * 0.4));
  const stateWidth = Math.max(0, ...services.map(({ state }) => displayWidth(sanitizeName(state))));
  const rows = services.map((service, index) => {
    const state = pad(sanitizeName(service.state), stateWidth);
    const sign = service.isFine ? style.green(style.symbols.done) : style.yellow(style.symbols.skipped);
    const name = pad(truncate(names[index] ?? "", nameWidth, ellipsis), nameWidth);
    const url = service.url === undefined ? "" : `  ${style.cyan(sanitizeName(service.url))}`;
    return `${sign} ${name}  ${service.isFine ? style.dim(state) : style.yellow(state)}${url}`;
  });
  const foot = [
    ...(remark === undefined ? [] : [style.dim(sanitizeName(remark))]),
    ...(help
      ? KEYS.map(([key, , inFull]) => `${style.bold(key)}  ${inFull}`)
      : [KEYS.map(([key, does]) => `${style.bold(key)} ${style.dim(does)}`).join("  ")]),
  ];
  const figures = times.length === 0 ? [] : [style.dim(figuresOf(times))];
  const rule = style.dim("-".repeat(Math.min(width, 60)));
  const room = Math.max(0, height - foot.length - figures.length - 1);
  const shown =
    rows.length <= room
      ? rows
      : [...rows.slice(0, Math.max(0, room - 1)), style.dim(`and ${rows.length - Math.max(0, room - 1)} more`)];
  return [rule, ...shown, ...figures, ...foot].map((line) => truncate(line, width, ellipsis));
}

function figuresOf(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    formatDuration(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  const saves = times.length === 1 ? "1 save" : `${times.length} saves`;
  return `${saves}, ready after ${at(0.5)} (p50), ${at(0.95)} (p95)`;
}
