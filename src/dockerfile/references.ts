import type { Dockerfile } from "./parse.ts";
import type { Origin } from "./action.ts";
import type { Scope } from "./scope.ts";
import type { Lines } from "./scan.ts";
import { buildOf, fileOrigins } from "./stages.ts";
import type { Word } from "./traced.ts";

/** Where a Dockerfile names an image that it doesn't build itself. */
export interface ExternalReference {
  /** With variables put in; as it is written where that can't be told. */
  readonly ref: string;
  /** False where `ref` depends on a value that isn't known here. */
  readonly resolved: boolean;
  readonly via: "from" | "copy" | "mount";
  readonly lines: Lines;
  /** With an empty span where a base image's ONBUILD names it. */
  readonly written: Word;
}

/** The images that the stages reached by the target start or copy from; stages, scratch and named contexts are none. */
export function externalReferences(dockerfile: Dockerfile, scope: Scope): readonly ExternalReference[] {
  const references: ExternalReference[] = [];
  const note = (origin: Origin, via: ExternalReference["via"], lines: Lines): void => {
    if (origin.kind !== "image") return;
    const { ref, written } = origin;
    references.push({ ref: ref ?? written.text, resolved: ref !== undefined, via, lines, written });
  };
  for (const stage of buildOf(dockerfile, scope)?.reachable ?? []) {
    note(stage.origin, "from", stage.lines);
    for (const action of stage.actions) {
      for (const origin of fileOrigins(action)) note(origin, action.kind === "run" ? "mount" : "copy", action.lines);
    }
  }
  return references;
}

/**
 * The Dockerfile with references to other images put in place of those that the map names, which are compared as
 * `externalReferences` spells them. A reference built of variables is replaced whole. Lines keep their numbers.
 */
export function replaceReferences(
  dockerfile: Dockerfile,
  replacements: ReadonlyMap<string, string>,
  scope: Scope,
): string {
  const edits = new Map<number, { readonly end: number; readonly replacement: string }>();
  for (const { ref, resolved, written } of externalReferences(dockerfile, scope)) {
    const replacement = resolved ? replacements.get(ref) : undefined;
    const inFile = written.span.end > written.span.start;
    if (replacement !== undefined && inFile) edits.set(written.span.start, { end: written.span.end, replacement });
  }
  let text = "";
  let at = 0;
  for (const [start, { end, replacement }] of [...edits].sort(([a], [b]) => a - b)) {
    text += dockerfile.text.slice(at, start);
    text += replaceWord(dockerfile.text.slice(start, end), replacement, dockerfile.directives.escape);
    at = end;
  }
  return text + dockerfile.text.slice(at);
}

/**
 * A word that continues over lines is put on its last one, and the others keep nothing but their continuation: an empty
 * line behind a continuation would take in the next instruction.
 */
function replaceWord(written: string, replacement: string, escape: string): string {
  const lines = written.split("\n");
  const kept = lines.slice(0, -1).map((line, index) => {
    if (index > 0 && /^\s*(?:#|$)/.test(line)) return line;
    return line.endsWith("\r") ? `${escape}\r` : escape;
  });
  return [...kept, replacement].join("\n");
}
