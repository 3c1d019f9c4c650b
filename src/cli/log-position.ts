import type { LogRecord } from "../engine/log-records.ts";

type Stream = LogRecord["stream"];

/** The newest line of a stream that was read, and how many lines have its time. */
interface Mark {
  at: string;
  count: number;
}

/** Seconds that a stream may lag behind the other: lines of both are stamped before they are queued. */
const LAG = 2;

/**
 * How far a container's log has been read. After `rewind`, reading again from `since` gives each line exactly once more or
 * not at all: times order the lines of a stream, and those of one time are counted.
 */
export class LogPosition {
  readonly #marks = new Map<Stream, Mark>();
  #floor: string | undefined;
  /** Streams that are being read again, and how many lines of their mark's time have come. */
  readonly #again = new Map<Stream, number>();

  /** Where reading has to go on, as the engine takes it; undefined: at the first line. */
  get since(): string | undefined {
    const [older, newer] = [...this.#marks.values()].map(({ at }) => at).sort();
    const newest = newer ?? older;
    if (older === undefined || newest === undefined) return this.#floor;
    // A stream that has said nothing yet may still have a line on its way that is older than the other's newest.
    const known = newer === undefined ? undefined : older;
    return latest(this.#floor, latest(known, earlier(newest, LAG)));
  }

  /** Says that nothing from before a time, in seconds since the epoch, is wanted. */
  begin(since: string): void {
    const [seconds = "0", decimals = ""] = since.split(".");
    this.#floor = latest(this.#floor, `${seconds.padStart(10, "0")}.${decimals.padEnd(9, "0")}`);
  }

  /** Says that what comes next is read again from `since` on. */
  rewind(): void {
    for (const stream of this.#marks.keys()) this.#again.set(stream, 0);
  }

  /** Whether the record is news; it counts as read afterwards. */
  admit({ stream, at }: Pick<LogRecord, "stream" | "at">): boolean {
    const mark = this.#marks.get(stream);
    const again = this.#again.get(stream);
    if (mark === undefined || at > mark.at) {
      this.#marks.set(stream, { at, count: 1 });
      this.#again.delete(stream);
      return true;
    }
    // The machine's clock was set back: no reading again, the line is new.
    if (again === undefined && at < mark.at) return true;
    if (again !== undefined && at < mark.at) return false;
    if (again !== undefined && again < mark.count) {
      this.#again.set(stream, again + 1);
      return false;
    }
    mark.count += 1;
    this.#again.delete(stream);
    return true;
  }
}

/** Times as the engine writes them are in the order of their text. */
function latest(a: string | undefined, b: string): string {
  return a !== undefined && a > b ? a : b;
}

function earlier(time: string, by: number): string {
  const [seconds = "0", decimals = ""] = time.split(".");
  return `${String(Number(seconds) - by).padStart(seconds.length, "0")}.${decimals}`;
}
