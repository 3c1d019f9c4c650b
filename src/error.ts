import type { Diagnostic } from "./diagnostic.ts";

/** What went wrong, as a stable name, and the exit code that stands for it (spec §5). */
const EXIT_CODES = {
  "operation-failed": 1,
  usage: 2,
  "invalid-project": 2,
  "not-found": 2,
  "not-supported": 2,
  "engine-unreachable": 3,
  "engine-denied": 3,
  "engine-too-old": 3,
  "engine-broken": 1,
  "engine-refused": 1,
  "build-failed": 4,
  "not-ready": 5,
  locked: 6,
  conflict: 6,
  "confirmation-needed": 6,
  "plan-stale": 6,
  interrupted: 130,
  /** What a shell reports for a program whose reader has gone: 128 and SIGPIPE's number. */
  "output-closed": 141,
  terminated: 143,
} as const satisfies Readonly<Record<string, number>>;

/** The names that a `DockError` may carry. */
export type ErrorCode = keyof typeof EXIT_CODES;

/** Exit code of a defect in dock itself: whatever surfaces and is no `DockError`. */
export const EXIT_BUG = 70;

/** What an error may say beyond its message. */
export interface ErrorDetails {
  /** What the user can do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
  readonly diagnostics?: readonly Diagnostic[];
  /** Text to show below the message as it is: a step's last output, an excerpt. */
  readonly detail?: string;
  /** HTTP status of the engine's answer, where one was given. */
  readonly status?: number;
}

/** A failure that the user or the engine caused. The message is lower-case, names the wrong value, and has no full stop. */
export class DockError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly detail: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly status: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "DockError";
    this.code = code;
    this.hint = details.hint;
    this.detail = details.detail;
    this.diagnostics = details.diagnostics ?? [];
    this.status = details.status;
  }
}

/** The process's exit code for an error that ended a command. */
export function exitCode(error: unknown): number {
  return error instanceof DockError ? EXIT_CODES[error.code] : EXIT_BUG;
}
