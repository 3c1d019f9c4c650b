/** Milliseconds after an action in which a change of the file that caused it is taken for its doing. */
const AFTERMATH_MS = 1000;

/** Milliseconds after which what was asked for has begun: batches are not put off for longer. */
const BEGUN_MS = 1000;

/** How often within `PERIOD_MS` a file may come back before it is left alone. */
const TIMES = 3;
const PERIOD_MS = 10_000;

/** Milliseconds without a change after which a file that was left alone is acted on once more: it may have been a person. */
const QUIET_MS = 3000;

/** What is known of one file that actions were carried out for. */
interface Record {
  readonly path: string;
  /** When the change that is being acted on was noticed. */
  since: number;
  /** Whether the action under way has been told to have brought it back: that counts once. */
  counted: boolean;
  /** Until when a change is taken for the doing of its own action; infinite while that is under way. */
  until: number;
  /** When it came back. */
  times: number[];
  state:
    | { readonly kind: "free" }
    /** Left alone; `last` is its latest change. */
    | { readonly kind: "held"; readonly last: number }
    /** Acted on once more: comes it back, it is held for good. */
    | { readonly kind: "probation" }
    | { readonly kind: "banned" };
}

/** What to do about a changed file. */
export type Verdict = "act" | "stop" | "stop-and-tell";

/**
 * Notices files that change because of what their change sets off: a container that writes at its start into what it is
 * restarted for. After three times in ten seconds such a file is left alone; when it has been quiet it is acted on once
 * more, so that nobody's last save is lost, and if it comes back then it is left alone until `forget`.
 *
 * ```
 *   free ──3 in 10 s──▶ held ──quiet──▶ probation ──comes back──▶ banned
 *     ▲                                     └──stays quiet──▶ free
 * ```
 */
export class SelfTriggers {
  readonly #records = new Map<string, Record>();

  /** Tells of a change that asks for an action; "act" means that it will be carried out. */
  changed(file: { readonly name: string; readonly path: string }, now: number): Verdict {
    const record = this.#records.get(file.name);
    if (!record) {
      this.#records.set(file.name, { path: file.path, ...pending(now), times: [], state: { kind: "free" } });
      return "act";
    }
    const begun = record.until !== Number.POSITIVE_INFINITY || now - record.since > BEGUN_MS;
    const own = begun && now <= record.until && !record.counted;
    if (own) record.counted = true;
    if (record.state.kind === "banned") return "stop";
    if (record.state.kind === "held") {
      record.state = { kind: "held", last: now };
      return "stop";
    }
    if (own && record.state.kind === "probation") {
      record.state = { kind: "banned" };
      return "stop-and-tell";
    }
    if (own) {
      record.times = [...record.times.filter((time) => now - time < PERIOD_MS), now];
      if (record.times.length >= TIMES) {
        record.state = { kind: "held", last: now };
        return "stop-and-tell";
      }
    } else if (now > record.until) record.state = { kind: "free" };
    if (record.until !== Number.POSITIVE_INFINITY) Object.assign(record, pending(now));
    return "act";
  }

  /** Tells that an action for these files has ended. */
  acted(names: readonly string[], now: number): void {
    for (const name of names) {
      const record = this.#records.get(name);
      if (record) Object.assign(record, { until: now + AFTERMATH_MS, counted: false });
    }
  }

  /** When the next file that is left alone has been quiet; undefined when there is none. */
  get dueAt(): number | undefined {
    const times = [...this.#records.values()].flatMap(({ state }) =>
      state.kind === "held" ? [state.last + QUIET_MS] : [],
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Absolute paths of the files that have been quiet: they are to be acted on once more. */
  due(now: number): readonly string[] {
    const paths: string[] = [];
    for (const record of this.#records.values()) {
      if (record.state.kind !== "held" || now < record.state.last + QUIET_MS) continue;
      record.state = { kind: "probation" };
      Object.assign(record, pending(now));
      paths.push(record.path);
    }
    return paths;
  }

  /** Begins anew: the project is another one. */
  forget(): void {
    this.#records.clear();
  }
}

function pending(now: number): Pick<Record, "since" | "until" | "counted"> {
  return { since: now, until: Number.POSITIVE_INFINITY, counted: false };
}
