import type { IncomingMessage, ServerResponse } from "node:http";

/** An answer that refuses, as the engine words it. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type Json = Readonly<Record<string, unknown>>;

/** A request as handlers see it. */
export interface FakeRequest {
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Json;
  readonly filters: Readonly<Record<string, readonly string[]>>;
  readonly incoming: IncomingMessage;
}

/** What a handler answers: a status with JSON, or a function that writes the answer itself. */
export type Reply =
  | { readonly status: number; readonly json?: unknown }
  | { readonly stream: (response: ServerResponse) => void | Promise<void> };

export type Handler = (request: FakeRequest) => Reply | Promise<Reply>;

/** Method and path pattern with the handler; groups of the pattern become `params`. */
export type Route = readonly [method: string, pattern: RegExp, handler: Handler];

/** Filters as clients send them: lists, or the map form of old ones. */
export function readFilters(query: URLSearchParams): Readonly<Record<string, readonly string[]>> {
  const parsed = JSON.parse(query.get("filters") || "{}") as Record<
    string,
    readonly string[] | Record<string, boolean>
  >;
  return Object.fromEntries(
    Object.entries(parsed).map(([key, value]) => [key, Array.isArray(value) ? value : Object.keys(value)]),
  );
}

/** Whether labels satisfy every `key` or `key=value`. */
export function matchesLabels(
  labels: Readonly<Record<string, string>>,
  wanted: readonly string[] | undefined,
): boolean {
  return (wanted ?? []).every((text) => {
    const [key = "", ...value] = text.split("=");
    return value.length === 0 ? Object.hasOwn(labels, key) : labels[key] === value.join("=");
  });
}

/** Whether any of the patterns, which are regular expressions, fits any of the names. */
export function matchesNames(names: readonly string[], patterns: readonly string[] | undefined): boolean {
  if (patterns === undefined || patterns.length === 0) return true;
  return patterns.some((pattern) => names.some((name) => new RegExp(pattern).test(name)));
}

export function isTrue(value: string | null): boolean {
  return value === "1" || value === "true" || value === "True";
}

/** The text at a key of a body, or the fallback when there is none. */
export function textAt(body: Json, key: string, fallback = ""): string {
  const value = body[key];
  return typeof value === "string" ? value : fallback;
}
