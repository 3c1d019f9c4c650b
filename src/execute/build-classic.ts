import { readIgnoreFile, patternList } from "../context/ignore.ts";
import { credentialsFor } from "../engine/auth.ts";
import type { BuildEvent } from "../engine/buildkit/build-event.ts";
import type { BuildRequest } from "../engine/buildkit/build-request.ts";
import { registryHost } from "../engine/image-ref.ts";
import { DockError } from "../error.ts";
import type { Image } from "../project/image-model.ts";
import type { Execution } from "./execution.ts";

/** Statuses of an engine, or of a proxy before it, that does not let anybody reach BuildKit. */
const BLOCKED = new Set([403, 404, 405, 501]);

/** Whether a build failed because BuildKit can't be reached, so that the engine's older builder may do it. */
export function isWithoutBuildKit(error: unknown): boolean {
  return error instanceof DockError && error.code === "not-supported" && BLOCKED.has(error.status ?? 0);
}

/**
 * Builds with the engine's older builder what that can build; gives the image's id. What it can't, above all secrets and
 * agents, is refused before anything is sent: nothing is ever handed over in another way.
 */
export async function buildClassic(
  image: Image,
  request: BuildRequest,
  to: { readonly execution: Execution; readonly emit: (event: BuildEvent) => void; readonly signal: AbortSignal },
): Promise<string> {
  const { execution, emit, signal } = to;
  refuse(image);
  const { dockerfileName: name, sources } = request;
  const text = (await textOf(request, name)) ?? "";
  const ignoreText = (await textOf(request, `${name}.dockerignore`)) ?? "";
  const ignore = readIgnoreFile(ignoreText);
  const visible = ignoreText !== "" && !patternList(ignore, "the ignore file").match(".dockerignore").matched;
  const hosts = new Set(
    (execution.inputs.images[image.key]?.references ?? []).flatMap((one) =>
      one.kind === "external" ? [registryHost(one.ref)] : [],
    ),
  );
  const credentials = await Promise.all([...hosts].map(async (host) => credentialsFor(host, execution.settings.env)));
  return execution.engine.buildClassic(
    {
      context: sources["context"] ? { source: sources["context"], ignore } : { url: request.contextUrl ?? "" },
      dockerfile: { name, text },
      ...(visible ? { visibleIgnore: ignoreText } : {}),
      query: {
        target: request.target,
        buildargs: request.args,
        labels: request.labels,
        nocache: request.noCache,
        pull: request.pull || undefined,
        networkmode: request.network,
        extrahosts:
          request.extraHosts.length === 0
            ? undefined
            : request.extraHosts.map(({ host, address }) => `${host}:${address}`),
        shmsize: request.shmSize,
        ulimits:
          request.ulimits.length === 0
            ? undefined
            : request.ulimits.map(({ name: Name, soft: Soft, hard: Hard }) => ({ Name, Soft, Hard })),
        platform: request.platforms?.[0],
        cachefrom:
          request.cacheFrom.length === 0 ? undefined : request.cacheFrom.map(({ attributes }) => attributes["ref"]),
      },
      credentials: credentials.filter((one) => one !== undefined),
    },
    { emit, signal },
  );
}

function refuse(image: Image): void {
  const asked = [
    ...(image.secrets.length > 0 ? ["secrets"] : []),
    ...(image.ssh.length > 0 ? ["ssh"] : []),
    ...(Object.keys(image.contexts).length > 0 ? ["contexts"] : []),
    ...(image.noCacheFilter.length > 0 ? ["no_cache_filter"] : []),
    ...(image.platforms.length > 1 ? ["several platforms"] : []),
    ...(image.cacheTo.length > 0 ? ["cache_to"] : []),
    ...(image.cacheFrom.some(({ type }) => type === "local") ? ["cache_from a directory"] : []),
    ...(image.entitlements.length > 0 ? ["entitlements"] : []),
    ...(image.outputs.length > 0 ? ["output"] : []),
    ...(image.provenance === undefined ? [] : ["provenance"]),
    ...(image.sbom === undefined ? [] : ["sbom"]),
  ];
  if (asked.length === 0) return;
  throw new DockError(
    "not-supported",
    `image ${image.key} asks for ${asked.join(", ")}, which takes BuildKit, and this engine's can't be reached`,
    { hint: "use a Docker Engine with BuildKit; a proxy in front of it must let POST /session and POST /grpc through" },
  );
}

async function textOf({ sources }: BuildRequest, path: string): Promise<string | undefined> {
  const source = sources["dockerfile"];
  if (!source) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.read(path)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
