import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";

/** Something that has happened to a container. */
export interface EventRow {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly service: string;
  /** Of the container. */
  readonly name: string;
  readonly action: string;
  /** What else is worth telling. */
  readonly details: Readonly<Record<string, string>>;
}

/** One line: when, which container, what, and what else is known. No newline at the end. */
export function formatEvent(row: EventRow, style: Style): string {
  const details = Object.entries(row.details).map(([key, value]) => `${sanitizeName(key)}=${sanitizeName(value)}`);
  const failed = row.action === "oom" || (row.action === "die" && row.details["exitCode"] !== "0");
  const action = sanitizeName(row.action);
  return [
    style.dim(new Date(row.time).toISOString()),
    style.cyan(sanitizeName(row.name)),
    failed ? style.red(action) : action,
    ...(details.length === 0 ? [] : [style.dim(`(${details.join(", ")})`)]),
  ].join("  ");
}
