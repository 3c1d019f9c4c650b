import { DockError } from "../error.ts";
import type { Event } from "../event.ts";
import type { Plan } from "../plan/plan.ts";
import type { Reason } from "../plan/reason.ts";

/** What stands in place of a value that must not be shown. */
const HIDDEN = "(hidden)";

/** Shorter forms of a value say nothing about it. */
const SHORTEST_FORM = 6;

/** Keeps values out of dock's own output, in whatever usual form they come; it learns them as they become known. */
export class Redactor {
  readonly #forms = new Set<string>();
  #pattern: RegExp | undefined;

  learn(values: readonly string[]): void {
    for (const value of values) for (const form of formsOf(value)) this.#forms.add(form);
    if (this.#forms.size === 0) return;
    // The longest first: one value may be part of another.
    const forms = [...this.#forms].sort((a, b) => b.length - a.length);
    this.#pattern = new RegExp(forms.map((form) => form.replaceAll(/[.+*?()[\]{}|^$\\/]/g, "\\$&")).join("|"), "g");
  }

  /** The text without the values. */
  mask(text: string): string {
    return this.#pattern ? text.replaceAll(this.#pattern, HIDDEN) : text;
  }

  /** An event in which nothing that others have written holds a value. Names stay: they are nobody's secret. */
  event(event: Event): Event {
    if (!this.#pattern) return event;
    switch (event.type) {
      case "plan":
        return { ...event, plan: this.plan(event.plan) };
      case "action-failed":
        return { ...event, error: this.error(event.error) };
      case "build-log":
        return { ...event, text: this.mask(event.text) };
      case "build-step":
        return { ...event, name: this.mask(event.name) };
      case "build-progress":
      case "pull-progress":
        return { ...event, what: this.mask(event.what) };
      case "notice":
      case "build-warning":
        return { ...event, message: this.mask(event.message) };
      case "warning":
        return { ...event, message: this.mask(event.message), ...this.#hint(event) };
      case "watch-action":
        return {
          ...event,
          ...(event.message === undefined ? {} : { message: this.mask(event.message) }),
          ...(event.error === undefined ? {} : { error: this.#record(event.error) }),
        };
      default:
        return event;
    }
  }

  /** The error with its words masked; what caused it stays behind. */
  error(error: DockError): DockError {
    if (!this.#pattern) return error;
    const { code, message, detail, diagnostics, status } = error;
    return new DockError(code, this.mask(message), {
      ...this.#hint(error),
      ...(detail === undefined ? {} : { detail: this.mask(detail) }),
      ...(status === undefined ? {} : { status }),
      diagnostics,
    });
  }

  /** The plan with reasons that tell that a value changed, not what it was or is. */
  plan(plan: Plan): Plan {
    const actions = plan.actions.map((action) => ({
      ...action,
      reasons: action.reasons.map((one) => this.#reason(one)),
    }));
    return { ...plan, actions };
  }

  /** What a hidden value was before is none to show either, nor what a variable held that is no more. */
  #reason(reason: Reason): Reason {
    const { before, after, path } = reason;
    const maskedAfter = after === undefined ? undefined : this.mask(after);
    const secret = maskedAfter !== after || (after === undefined && path?.startsWith("environment.") === true);
    return {
      ...reason,
      ...(before === undefined ? {} : { before: secret ? HIDDEN : this.mask(before) }),
      ...(maskedAfter === undefined ? {} : { after: maskedAfter }),
    };
  }

  #record(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Object.entries(record).map(([key, value]) => [key, typeof value === "string" ? this.mask(value) : value]),
    );
  }

  #hint({ hint }: { readonly hint?: string | undefined }): { readonly hint?: string } {
    return hint === undefined ? {} : { hint: this.mask(hint) };
  }
}

/** A value as it is, as parts of URLs and JSON have it, and in base64. */
function formsOf(value: string): readonly string[] {
  const base64 = Buffer.from(value).toString("base64").replace(/=+$/, "");
  const forms = [
    value,
    value.trim(),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    base64,
    base64.replaceAll("+", "-").replaceAll("/", "_"),
    // A value of several lines is printed line by line.
    ...value.split("\n").map((line) => line.trim()),
  ];
  return forms.filter((form) => form.length >= SHORTEST_FORM);
}
