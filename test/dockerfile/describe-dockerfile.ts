import type { Action, Origin } from "../../src/dockerfile/action.ts";
import { declaredArguments } from "../../src/dockerfile/arguments.ts";
import { type DevView, hiddenByBind } from "../../src/dockerfile/hidden.ts";
import { type Dockerfile, parseDockerfile } from "../../src/dockerfile/parse.ts";
import { type ContextReads, contextReads, namedContextReads, remoteSources } from "../../src/dockerfile/reads.ts";
import { externalReferences, replaceReferences } from "../../src/dockerfile/references.ts";
import { resolve } from "../../src/dockerfile/resolve.ts";
import type { Lines } from "../../src/dockerfile/scan.ts";
import type { BaseImage, Scope } from "../../src/dockerfile/scope.ts";
import { buildOf } from "../../src/dockerfile/stages.ts";

/** What a golden case asks beside its Dockerfile; everything may be left out. */
export interface GoldenCase {
  readonly scope?: Omit<Scope, "bases"> & { readonly bases?: Readonly<Record<string, BaseImage>> };
  /** Reference → replacement. */
  readonly replace?: Readonly<Record<string, string>>;
  readonly view?: Pick<DevView, "binds" | "otherMounts"> & { readonly links?: Readonly<Record<string, string>> };
  /** Context paths of which the significance is printed. */
  readonly paths?: readonly string[];
}

/** Everything that is known of a Dockerfile under a scope, as text. */
export function describeDockerfile(text: string, asked: GoldenCase): string {
  const dockerfile = parseDockerfile(text);
  const scope: Scope = {
    ...asked.scope,
    bases: new Map(Object.entries(asked.scope?.bases ?? {})),
  };
  return [
    ...describeHead(dockerfile),
    ...describeStages(dockerfile, scope),
    ...describeReach(dockerfile, scope),
    ...describeReplaced(dockerfile, scope, asked),
    ...describeSignificance(dockerfile, scope, asked),
    "",
  ].join("\n");
}

function describeHead(dockerfile: Dockerfile): readonly string[] {
  const { escape, syntax, check } = dockerfile.directives;
  return [
    ...(escape === "\\" ? [] : [`escape ${escape}`]),
    ...(syntax === undefined ? [] : [`syntax ${syntax}`]),
    ...(check === undefined ? [] : [`check ${check}`]),
    ...dockerfile.problems.map((problem) => `problem ${at(problem.lines)} ${problem.message}`),
    ...declaredArguments(dockerfile).map(
      ({ name, stage, lines, default: value }) =>
        `arg ${at(lines)} ${name}${value === undefined ? "" : `=${value}`} (${stage === "global" ? "global" : `stage ${stage}`})`,
    ),
  ];
}

function describeStages(dockerfile: Dockerfile, scope: Scope): readonly string[] {
  const build = buildOf(dockerfile, scope);
  return resolve(dockerfile, scope).flatMap((stage) => {
    const name = dockerfile.stages[stage.index]?.name;
    const needed = build?.reachable.some((other) => other.index === stage.index);
    const inChain = build?.chain.some((other) => other.index === stage.index);
    const role = inChain ? "chain" : needed ? "needed" : "not needed";
    return [
      `stage ${stage.index}${name === undefined ? "" : ` ${name}`} ${at(stage.lines)} from ${origin(stage.origin)}, ${role}`,
      ...stage.actions.map((action) => `  ${describeAction(action)}`),
    ];
  });
}

function describeAction(action: Action): string {
  const head = `${action.kind} ${at(action.lines)}`;
  switch (action.kind) {
    case "copy":
    case "add": {
      const flags = action.flags.map(({ name, value }) => ` --${name}${value === undefined ? "" : `=${value.text}`}`);
      const to = action.destination;
      const from = action.from ? ` (from ${origin(action.from)})` : "";
      const target = to ? `${to.path}${to.directory && to.path !== "/" ? "/" : ""}` : "?";
      return `${head}${flags.join("")} ${action.sources.map(text).join(" ")} -> ${target}${from}`;
    }
    case "run": {
      const mounts = action.mounts.map(
        (mount) => ` [${text(mount.type)} ${mount.from ? origin(mount.from) : "context"}:${text(mount.source)}]`,
      );
      return `${head}${mounts.join("")} in ${text(action.workdir)}`;
    }
    case "volume":
      return `${head} ${action.paths.map(text).join(" ")}`;
  }
}

function describeReach(dockerfile: Dockerfile, scope: Scope): readonly string[] {
  const named = [...namedContextReads(dockerfile, scope)];
  return [
    ...externalReferences(dockerfile, scope).map(
      ({ ref, resolved, via, lines }) => `reference ${at(lines)} ${ref} (${via}${resolved ? "" : ", unknown"})`,
    ),
    ...describeReads("reads", contextReads(dockerfile, scope)),
    ...named.flatMap(([name, reads]) => describeReads(`reads of ${name}:`, reads)),
    ...remoteSources(dockerfile, scope).map(
      ({ url, pinned, lines }) => `remote ${at(lines)} ${url}${pinned ? " (pinned)" : ""}`,
    ),
  ];
}

function describeReads(title: string, reads: ContextReads): readonly string[] {
  if (reads === "everything") return [`${title} everything`];
  if (reads.length === 0) return [`${title} nothing`];
  return reads.map(
    ({ kind, lines, sources }) =>
      `${title} ${kind} ${at(lines)} ${sources.map((one) => JSON.stringify(one)).join(" ")}`,
  );
}

function describeReplaced(dockerfile: Dockerfile, scope: Scope, asked: GoldenCase): readonly string[] {
  if (!asked.replace) return [];
  const replaced = replaceReferences(dockerfile, new Map(Object.entries(asked.replace)), scope).split("\n");
  const written = dockerfile.text.split("\n");
  const changed = replaced.flatMap((line, index) =>
    line === written[index] ? [] : [`replaced L${index + 1} ${JSON.stringify(line)}`],
  );
  return [...changed, ...(replaced.length === written.length ? [] : ["replaced: the number of lines has changed"])];
}

function describeSignificance(dockerfile: Dockerfile, scope: Scope, asked: GoldenCase): readonly string[] {
  if (!asked.view) return [];
  const links = new Map(Object.entries(asked.view.links ?? {}));
  const hiding = hiddenByBind(dockerfile, scope, { ...asked.view, links });
  const paths = (asked.paths ?? []).map((path) => {
    const significance = hiding.significance(path);
    switch (significance.kind) {
      case "unread":
        return `path ${path}: not read`;
      case "hidden":
        return `path ${path}: hidden at ${significance.places.join(" or ")}`;
      case "counts":
        return `path ${path}: counts, ${significance.because} (${at(significance.lines)})`;
    }
  });
  return [`hidden under ${hiding.targets.join(" ") || "nothing"}`, ...paths];
}

function origin(from: Origin): string {
  switch (from.kind) {
    case "stage":
      return `stage ${from.index}`;
    case "scratch":
      return "scratch";
    case "context":
      return `context ${from.name}`;
    case "image":
      return from.ref ?? `unknown ${from.written.text}`;
  }
}

function text(value: string | undefined): string {
  return value === undefined ? "?" : value === "" ? '""' : value;
}

function at({ start, end }: Lines): string {
  return start === end ? `L${start}` : `L${start}-${end}`;
}
