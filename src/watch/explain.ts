import { basename } from "node:path";
import type { ImageTrace } from "../gather/image-trace.ts";
import { rulePlace, ruleTakes } from "../gather/watch-rule.ts";
import type { Inputs } from "../plan/inputs.ts";
import { effectiveService } from "../plan/mode.ts";
import { readClaims } from "./claims.ts";
import { coverageOf } from "./coverage.ts";
import { isEphemeral } from "./ephemeral.ts";
import type { Facts } from "./facts.ts";
import { boundTarget, type Decision, decide } from "./rules.ts";
import type { FileChange } from "./snapshot.ts";
import { decisionWords, shownPath } from "./words.ts";

/** What saving a path would do, and everything that has a say in it. */
export interface Explanation {
  /** Relative to the project's directory. */
  readonly path: string;
  readonly exists: boolean;
  readonly decisions: readonly ExplainedDecision[];
  /** The rule of each service that takes the path. */
  readonly rules: readonly { readonly service: string; readonly action: string; readonly place: string }[];
  /** Where dev binds show it. */
  readonly mounts: readonly { readonly service: string; readonly target: string }[];
  readonly images: readonly ImageTrace[];
  readonly warnings: readonly string[];
}

/** One thing that would be done. */
export interface ExplainedDecision {
  readonly action: Decision["kind"];
  /** In words: "rebuild image api". */
  readonly text: string;
  readonly why: string;
  /** Services whose containers it is about. */
  readonly services: readonly string[];
}

/** Explains what the watch would decide about a file, given the inputs as they are and the path's way through the images. */
export function explain(
  of: { readonly path: string; readonly exists: boolean; readonly traces: readonly ImageTrace[] },
  facts: Facts & { readonly applied: Inputs },
): Explanation {
  const { path, exists, traces } = of;
  const unseen = unwatched(path, of.traces, facts);
  const change: FileChange = { path, kind: exists ? "modified" : "created", type: "file" };
  const decisions: readonly Decision[] =
    unseen === undefined
      ? decide(change, facts, exists ? undefined : withFile(traces, facts.applied))
      : [{ kind: "ignore", why: unseen }];
  const rules = firstRules(path, facts);
  return {
    path: shownPath(facts.project.directory, path),
    exists,
    decisions: decisions.map((decision) => ({
      action: decision.kind,
      text: words(decision),
      why: decision.why,
      services: "service" in decision ? [decision.service] : decision.kind === "rebuild" ? decision.services : [],
    })),
    rules,
    mounts: mountsOf(path, facts),
    images: traces,
    warnings: rules.flatMap((rule) => hiddenWarning(rule, traces, facts)),
  };
}

function words(decision: Decision): string {
  if (decision.kind === "unknown") return `rebuild image ${decision.image} if its build sees something else then`;
  const text = decisionWords(decision);
  if (decision.kind !== "rebuild" || decision.services.length === 0) return text;
  return `${text}, then replace the containers of ${decision.services.join(", ")}`;
}

/** Why nobody would notice; undefined when somebody would. */
function unwatched(path: string, traces: readonly ImageTrace[], facts: Facts): string | undefined {
  const covered = coverageOf(readClaims(facts)).coversFile(path);
  if (covered) return undefined;
  if (isEphemeral(basename(path))) return "has the name of an editor's temporary file";
  if (path.split("/").includes(".git")) return "lies in a git repository's own directory, which is not watched";
  if (path.split("/").includes("node_modules")) return "lies in node_modules, which is not watched here";
  const ignored = traces.find(({ meaning, ignore }) => meaning.kind === "ignored" && ignore);
  if (ignored?.ignore) {
    return `lies in a directory that ${ignored.ignore.place} keeps out of image ${ignored.image}, which is not watched`;
  }
  return "lies where no rule, image or dev mount of the project can see it";
}

/** The inputs as they would be with a file that is not there yet. */
function withFile(traces: readonly ImageTrace[], inputs: Inputs): Inputs {
  const images = Object.entries(inputs.images).map(([key, image]) => {
    const trace = traces.find((each) => each.image === key);
    if (trace?.meaning.kind !== "counts") return [key, image] as const;
    const grown = <T extends { readonly files: Readonly<Record<string, string>> }>(files: T): T => ({
      ...files,
      files: { ...files.files, [trace.path]: "new" },
    });
    const dev = image.devFiles ? { devFiles: grown(image.devFiles) } : {};
    return [key, { ...image, files: grown(image.files), ...dev }] as const;
  });
  return { ...inputs, images: Object.fromEntries(images) };
}

function firstRules(path: string, { project, services, mode }: Facts): Explanation["rules"] {
  if (mode !== "dev") return [];
  return services.flatMap((service) => {
    const rule = project.services[service]?.dev?.watch.find((candidate) => ruleTakes(candidate, path));
    return rule ? [{ service, action: rule.action, place: rulePlace(rule) }] : [];
  });
}

function mountsOf(path: string, { project, services, mode }: Facts): Explanation["mounts"] {
  return services.flatMap((key) => {
    const service = project.services[key];
    const target = service && boundTarget(path, effectiveService(service, mode));
    return target === undefined ? [] : [{ service: key, target }];
  });
}

/** A rule that does something else than rebuild keeps a file that takes part in an image from changing it. */
function hiddenWarning(
  { service, action, place }: Explanation["rules"][number],
  traces: readonly ImageTrace[],
  { project, mode }: Facts,
): readonly string[] {
  const declared = project.services[service];
  const image = declared && effectiveService(declared, mode).image;
  if (action === "rebuild" || image?.kind !== "built") return [];
  const trace = traces.find((each) => each.image === image.key && each.meaning.kind === "counts");
  if (!trace) return [];
  const step = trace.step ? ` by "${trace.step.text}" (${trace.step.place})` : "";
  return [
    `the ${action} rule of ${service} (${place}) hides that the file takes part in image ${image.key}${step}: a save does not rebuild it, the next "dock up" does`,
  ];
}
