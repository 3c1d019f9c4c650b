import type { Hijack } from "../engine/buildkit/builder.ts";
import type { LintReport } from "../engine/buildkit/lint-report.ts";
import type { Engine } from "../engine/engine.ts";
import { DockError } from "../error.ts";
import type { ReadDockerfile } from "../gather/dockerfiles.ts";
import { dockerfileRequest, type Recipe } from "./build-request.ts";

/** What a check needs beside the Dockerfile. */
export interface CheckSetting extends Omit<Recipe, "refOf"> {
  readonly engine: Pick<Engine, "greeting" | "hijack">;
  /** References of the project's images that are built, by key. */
  readonly built: ReadonlyMap<string, string>;
}

/** The remarks of BuildKit's linter on one image's Dockerfile. */
export interface CheckedDockerfile extends LintReport {
  /** Images of the project that it starts from and that are not built: what they set is not known to the check. */
  readonly unknown: readonly string[];
}

/** What stands for an image that is not built: it can be started and copied from, and sets nothing. */
const NOTHING = "scratch";

/** A rule that takes what the base images set. */
const UNDEFINED_VARIABLE = "UndefinedVar";

/**
 * Checks an image's Dockerfile with the builder's linter; builds nothing and tags nothing. Secrets and agents are not
 * needed and not offered. Rejects with `not-supported` where the builder has no linter.
 */
export async function checkImage(
  file: ReadDockerfile,
  setting: CheckSetting,
  signal: AbortSignal,
): Promise<CheckedDockerfile> {
  const { engine, built } = setting;
  const { product } = await engine.greeting(signal);
  if (product !== "docker")
    throw new DockError("not-supported", "Podman's builder does not check Dockerfiles", {
      hint: "use a Docker Engine 27 or newer",
    });
  const { check } = await import("../engine/buildkit/check.ts");
  const unknown = new Set<string>();
  const refOf = (key: string): string => {
    const ref = built.get(key);
    if (ref === undefined) unknown.add(key);
    return ref ?? NOTHING;
  };
  const request = await dockerfileRequest(file, { ...setting, refOf });
  const hijack: Hijack = (path, headers, abort) => engine.hijack(path, headers, abort);
  const report = await check(
    hijack,
    { ...request, secrets: {}, ssh: {}, cacheFrom: [], cacheTo: [], entitlements: [], attestations: {} },
    { emit: () => undefined, signal },
  );
  const findings =
    unknown.size === 0 ? report.findings : report.findings.filter(({ rule }) => rule !== UNDEFINED_VARIABLE);
  return { ...report, findings, unknown: [...unknown].sort() };
}
