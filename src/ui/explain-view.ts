import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";

/** What an explanation shows; the watch room makes it. */
export interface ExplainView {
  readonly path: string;
  readonly exists: boolean;
  readonly decisions: readonly { readonly text: string; readonly why: string }[];
  readonly rules: readonly { readonly service: string; readonly action: string; readonly place: string }[];
  readonly mounts: readonly { readonly service: string; readonly target: string }[];
  readonly images: readonly {
    readonly image: string;
    readonly ignore?: { readonly pattern: string; readonly place: string };
    readonly step?: { readonly text: string; readonly place: string };
    readonly meaning:
      | { readonly kind: "ignored" | "unread" }
      | { readonly kind: "hidden"; readonly places: readonly string[] }
      | { readonly kind: "counts"; readonly because?: string };
  }[];
  readonly warnings: readonly string[];
}

/** What saving a path would do, and why, a fact a line. No newline at the end. */
export function formatExplain(view: ExplainView, style: Style): string {
  const { symbols } = style;
  const head = `Saving ${style.bold(sanitizeName(view.path))}${view.exists ? "" : style.dim(" (not there yet)")}`;
  const decisions = view.decisions.map(
    ({ text, why }) => `  ${symbols.arrow} ${style.green(sanitizeName(text))}: it ${sanitizeName(why)}`,
  );
  const facts: readonly (readonly [string, string])[] = [
    ...view.rules.map(({ service, action, place }) => ["rule", `${action} of ${service} (${place})`] as const),
    ...view.mounts.map(({ service, target }) => ["mount", `${target} in ${service}`] as const),
    ...view.images.flatMap(imageFacts),
  ];
  const width = Math.max(0, ...facts.map(([name]) => name.length));
  const warnings = view.warnings.map((warning) => `  ${style.yellow("warning:")} ${sanitizeName(warning)}`);
  const lines = facts.map(([name, text]) => `  ${style.dim(name.padEnd(width))}  ${sanitizeName(text)}`);
  return [head, ...decisions, ...lines, ...warnings].join("\n");
}

function imageFacts(image: ExplainView["images"][number]): readonly (readonly ["image" | "step" | "ignore", string])[] {
  const { ignore, step, meaning } = image;
  return [
    ["image", `${image.image}: ${meaningWords(meaning)}`],
    ...(step ? [["step", `${step.text} (${step.place})`] as const] : []),
    ...(ignore ? [["ignore", `${ignore.pattern} (${ignore.place})`] as const] : []),
  ];
}

function meaningWords(meaning: ExplainView["images"][number]["meaning"]): string {
  switch (meaning.kind) {
    case "ignored":
      return "kept out of the build by the ignore file";
    case "unread":
      return "nothing in the Dockerfile reads it";
    case "hidden":
      return `read, but the container shows the host's file at ${meaning.places.join(", ")} instead`;
    case "counts":
      return meaning.because === undefined ? "takes part in it" : `takes part in it (${meaning.because})`;
  }
}
