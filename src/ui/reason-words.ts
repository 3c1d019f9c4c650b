import type { Reason, ReasonCode } from "../plan/reason.ts";
import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";
import { truncate } from "./width.ts";

/** Cells that one value may take in a reason. */
const VALUE_WIDTH = 60;

/** A reason's texts, safe to print; ids and digests cut to what people recognise. */
interface Words {
  readonly path: string | undefined;
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly files: readonly string[];
  readonly arrow: string;
}

const WORDS = {
  missing: () => "not there yet",
  forced: ({ path }) => (path === undefined ? "asked for" : `asked for by ${path}`),
  "config-changed": (words) => difference(words.path ?? "configuration", words),
  "files-changed": ({ files }) =>
    `files changed: ${files[0] ?? "?"}${files.length > 1 ? ` (+${files.length - 1})` : ""}`,
  "dockerfile-changed": ({ path }) => (path === undefined ? "Dockerfile changed" : `Dockerfile changed: ${path}`),
  "arg-changed": (words) => difference(`arg ${words.path ?? "?"}`, words),
  "target-changed": (words) => difference("target", words),
  "platform-changed": (words) => difference("platform", words),
  "label-changed": (words) => difference(`label ${words.path ?? "?"}`, words),
  "secrets-changed": (words) => difference("secrets", words),
  "base-changed": (words) => difference(`base ${words.path ?? "image"}`, words),
  "inputs-changed": () => "inputs changed (the earlier ones are not on record)",
  "image-changed": (words) => difference(words.path === undefined ? "image" : `image ${words.path}`, words),
  "image-rebuilt": ({ path }) => `image ${path ?? "of it"} is built again`,
  "tag-moved": ({ path }) => `tag ${path ?? "of it"} names another image`,
  "not-running": ({ before }) => (before === undefined ? "not running" : `not running (${before})`),
  unhealthy: () => "unhealthy",
  renamed: (words) => difference("name", words),
  disconnected: ({ path }) => `not connected to ${path ?? "its network"}`,
  "port-taken": (words) => difference(`port ${words.path ?? "of it"} is taken by another`, words),
  "volume-gone": ({ path }) => `its volume is gone${path === undefined ? "" : `: ${path}`}`,
  "network-changed": ({ path }) => `network changed${path === undefined ? "" : `: ${path}`}`,
  "dependency-replaced": ({ path }) => (path === undefined ? "what it needs is replaced" : `${path} is replaced`),
  "namespace-renewed": ({ path }) => `${path ?? "what it shares a namespace with"} starts in a new namespace`,
  orphan: () => "not in the project file any more",
  "scaled-down": () => "scaled down",
  leftover: () => "left by an interrupted run",
  superseded: () => "superseded by newer builds",
  teardown: () => "taken down",
  dependency: () => "something waits for it",
} satisfies Record<ReasonCode, (words: Words) => string>;

/** A reason in a few words for people, on one line: `environment.PORT: 3000 → 4000`. */
export function reasonWords(reason: Reason, style: Style): string {
  const value = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : shortValue(text, style);
  return WORDS[reason.code]({
    path: reason.path === undefined ? undefined : sanitizeName(reason.path),
    before: value(reason.before),
    after: value(reason.after),
    files: (reason.files ?? []).map(sanitizeName),
    arrow: style.symbols.arrow,
  });
}

function difference(what: string, { before, after, arrow }: Words): string {
  if (before !== undefined && after !== undefined) return `${what}: ${before} ${arrow} ${after}`;
  if (after !== undefined) return `${what}: ${after} added`;
  if (before !== undefined) return `${what}: ${before} removed`;
  return `${what} changed`;
}

function shortValue(text: string, style: Style): string {
  if (text === "") return '""';
  const digest = /^(.*@)?sha256:([0-9a-f]{12})[0-9a-f]{52}$/.exec(text) ?? /^()([0-9a-f]{12})[0-9a-f]{52}$/.exec(text);
  if (digest) return `${digest[1] ?? ""}${digest[2]}`;
  return truncate(sanitizeName(text), VALUE_WIDTH, style.symbols.ellipsis);
}
