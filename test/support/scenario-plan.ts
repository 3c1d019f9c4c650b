/** A reason as `plan --json` prints it. */
export interface PrintedReason {
  readonly code: string;
  readonly path?: string;
  readonly before?: string;
  readonly after?: string;
  readonly files?: readonly string[];
}

/** A plan as `plan --json` prints it. */
export interface PrintedPlan {
  readonly format: string;
  readonly project: string;
  readonly actions: readonly {
    readonly id: string;
    readonly kind: string;
    readonly target: string;
    readonly after: readonly string[];
    readonly reasons: readonly PrintedReason[];
    readonly destroys?: string;
  }[];
  readonly unchanged: readonly string[];
}

/**
 * One line an action: its id and why, without what differs from run to run (ids, digests, the project's name and
 * place). Short enough to stand in a test as what is expected.
 */
export function planLines(
  plan: PrintedPlan,
  place: { readonly project: string; readonly directory: string },
): string[] {
  return plan.actions.map(({ id, reasons, destroys }) => {
    const why = reasons.map((reason) => reasonText(reason)).join("; ");
    const line = `${id}: ${why}${destroys === undefined ? "" : ` (destroys ${destroys})`}`;
    return steadyText(line, place);
  });
}

/** Text in which the project is called `demo` and lies in `.`, and ids and digests are dots. */
export function steadyText(text: string, place: { readonly project: string; readonly directory: string }): string {
  return text
    .replaceAll(place.directory, ".")
    .replaceAll(place.project, "demo")
    .replace(/\b(sha256:|in-)?[0-9a-f]{64}\b/g, "$1…")
    .replace(/\b[0-9a-f]{12}\b/g, "…");
}

function reasonText({ code, path, before, after, files }: PrintedReason): string {
  const change = before === undefined && after === undefined ? "" : `${before ?? "(none)"} → ${after ?? "(none)"}`;
  return [code, path, change, files?.join(",")].filter((part) => part !== undefined && part !== "").join(" ");
}

/** A line of `--json` output of commands that tell what they do. */
export interface PrintedEvent {
  readonly type: string;
  readonly id?: string;
  readonly image?: string;
  readonly name?: string;
  readonly state?: string;
  readonly plan?: PrintedPlan;
  readonly ok?: boolean;
  readonly message?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
  readonly images?: readonly {
    readonly name: string;
    readonly id: string;
    readonly tags: readonly string[];
    readonly status: string;
  }[];
}

/** The events of a run with `--json`; every line has to be one. */
export function printedEvents(stdout: string): readonly PrintedEvent[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as PrintedEvent);
}
