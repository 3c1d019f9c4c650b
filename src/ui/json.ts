import type { DockError } from "../error.ts";
import type { Event } from "../event.ts";
import { formatLocation } from "../diagnostic.ts";
import { planJson } from "./plan-json.ts";
import type { Output } from "./style.ts";

/** Version of the event stream; grows when a field changes its meaning, not when one is added. */
const VERSION = 1;

/** Renders each event as one line of JSON with the stream's version, for scripts. The command writes the last one, `result`. */
export class JsonRenderer {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  emit(event: Event): void {
    this.#output.write(jsonLine(eventRecord(event)));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** One line of the event stream, with its version and a line end; control characters are escaped, so a terminal shows them. */
export function jsonLine(record: { readonly type: string; readonly [field: string]: unknown }): string {
  // oxlint-disable-next-line no-control-regex
  const text = JSON.stringify({ v: VERSION, ...record }).replaceAll(
    /[\x7f-\x9f\p{Bidi_C}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${text}\n`;
}

/** What of an error concerns scripts: no stack, no cause. */
export function errorRecord(error: DockError): Readonly<Record<string, unknown>> {
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    ...(error.diagnostics.length === 0
      ? {}
      : {
          diagnostics: error.diagnostics.map(({ severity, code, message, at, hint }) => ({
            severity,
            code,
            message,
            ...(at === undefined ? {} : { at: formatLocation(at) }),
            ...(hint === undefined ? {} : { hint }),
          })),
        }),
  };
}

function eventRecord(event: Event): { readonly type: string; readonly [field: string]: unknown } {
  switch (event.type) {
    case "plan":
      return { type: event.type, plan: planJson(event.plan) };
    case "action-failed":
      return { ...event, error: errorRecord(event.error) };
    default:
      return { ...event };
  }
}
