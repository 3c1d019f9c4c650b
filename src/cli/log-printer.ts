import type { LogRecord } from "../engine/log-records.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import { slotOf } from "../plan/slot-state.ts";
import { drained } from "../ui/drained.ts";
import { jsonLine } from "../ui/json.ts";
import { LogMux, type LogSource } from "../ui/log-mux.ts";
import { withoutColors } from "../ui/sanitize.ts";
import { stderrStyle, stdoutStyle } from "./report.ts";
import type { Session } from "./session.ts";

/** How lines are shown. */
export interface LogsLook {
  /** Each line begins with its time. */
  readonly timestamps: boolean;
  /** False leaves out the containers' names. */
  readonly prefixed?: boolean;
  /** Only lines that it matches, colours aside. */
  readonly grep?: RegExp;
}

/** Prints containers' lines, each stream on the same one of ours, as text or JSON; slow readers slow it down. */
export class LogPrinter {
  readonly #session: Session;
  readonly #look: LogsLook;
  readonly #mux: LogMux;
  readonly #sources = new Map<string, LogSource>();

  /** `containers` are those that are known beforehand: columns are as wide as their names. */
  constructor(session: Session, look: LogsLook, containers: readonly ObservedContainer[]) {
    const { stdout, stderr } = session.io;
    this.#session = session;
    this.#look = look;
    this.#mux = new LogMux({
      names: containers.map(shownName).sort(),
      outputs: { stdout, stderr },
      styles: { stdout: stdoutStyle(session), stderr: stderrStyle(session) },
      prefixed: look.prefixed ?? true,
    });
  }

  async print(container: ObservedContainer, record: LogRecord): Promise<void> {
    const { stream, text, time } = record;
    if (this.#look.grep !== undefined && !this.#look.grep.test(withoutColors(text))) return;
    if (this.#session.globals.json) {
      const slot = slotOf(container);
      const { stdout } = this.#session.io;
      const line = { type: "log", service: slot?.service, number: slot?.number, container: container.id };
      if (!stdout.write(jsonLine({ ...line, stream, time, text }))) await drained(stdout);
      return;
    }
    await this.#source(container).write(stream, `${this.#look.timestamps ? `${time} ` : ""}${text}\n`);
  }

  /** Says something of dock's own about a container, in place of a line of it. */
  remark(container: ObservedContainer, text: string): void {
    if (!this.#session.globals.json) this.#mux.remark(shownName(container), text);
  }

  #source(container: ObservedContainer): LogSource {
    let source = this.#sources.get(container.id);
    if (!source) {
      source = this.#mux.source(shownName(container));
      this.#sources.set(container.id, source);
    }
    return source;
  }
}

/** `web-1`: the service and the number, as Compose shows it. */
function shownName(container: ObservedContainer): string {
  const slot = slotOf(container);
  return slot ? `${slot.service}-${slot.number}` : container.name;
}
