import type { Origin } from "./action.ts";
import { familiarName } from "./reference-name.ts";

/** How a build is called, as far as it decides what a Dockerfile means. */
export interface Scope {
  /** A stage's name or number; the last stage where it is left out. */
  readonly target?: string;
  readonly args?: Readonly<Record<string, string>>;
  /** `os/architecture[/variant]` of the one platform that is built for. */
  readonly platform?: string;
  /** Named contexts: they stand in for stages and images of their name. */
  readonly contexts?: readonly string[];
  /** What is known of base images, by the reference as it reads after expansion, or by a named context's name. Others are taken to have no ONBUILD. */
  readonly bases?: ReadonlyMap<string, BaseImage>;
}

/** What a base image's config adds to a build. */
export interface BaseImage {
  readonly onbuild: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Empty for "/". */
  readonly workdir: string;
  readonly volumes: readonly string[];
}

const SCRATCH: BaseImage = { onbuild: [], env: {}, workdir: "/", volumes: [] };

/** What is known of the image a stage starts from; undefined for stages and for what nobody looked at. */
export function knownBase(origin: Origin, scope: Scope): BaseImage | undefined {
  if (origin.kind === "scratch") return SCRATCH;
  const name = origin.kind === "context" ? origin.name : origin.kind === "image" ? origin.ref : undefined;
  return name === undefined ? undefined : scope.bases?.get(name);
}

/** The named context that stands in for the stage or image of this name, as the caller spells it. */
export function namedContext(name: string, scope: Scope): string | undefined {
  return scope.contexts?.find((context) => familiarName(context) === familiarName(name));
}
