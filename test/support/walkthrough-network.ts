import { startDownloadSite } from "../../scripts/download-site.mjs";
import type { BareEngine } from "./scenario-engine.ts";

/** What a container said and how it ended. */
export interface Said {
  readonly code: number;
  readonly text: string;
}

/** Runs a command in a container of an image with nothing mounted, and removes it; `name` says whose it is. */
export async function runInImage(
  engine: BareEngine,
  of: { readonly image: string; readonly name: string },
  command: readonly string[],
): Promise<Said> {
  // With a terminal the log is plain text.
  const { Id } = await engine.post<{ Id: string }>(`/containers/create?name=${of.name}`, {
    Image: of.image,
    Entrypoint: [],
    Cmd: command,
    Tty: true,
  });
  try {
    await engine.post(`/containers/${Id}/start`);
    const { StatusCode } = await engine.post<{ StatusCode: number }>(`/containers/${Id}/wait`);
    const log = await engine.raw("GET", `/containers/${Id}/logs?stdout=1&stderr=1`);
    return { code: StatusCode, text: log.toString().replaceAll("\r\n", "\n").trim() };
  } finally {
    await engine.remove(`/containers/${Id}?force=1&v=1`);
  }
}

/** A stand-in for nginx's download site that builds can reach. */
export interface ReachableSite extends AsyncDisposable {
  /** As a build sees it. */
  readonly url: string;
}

/** Starts one: at the gateway of the engine's own bridge where that is this machine's, else where Docker's desktop product finds us. */
export async function openDownloadSite(engine: BareEngine): Promise<ReachableSite> {
  const bridge = await engine.get<{ IPAM: { Config: readonly { Gateway?: string }[] | null } }>("/networks/bridge");
  const gateway = (bridge.IPAM.Config ?? []).map(({ Gateway }) => Gateway).find((each) => each !== undefined);
  // A bridge without containers is down and in no list of addresses: only listening there tells.
  const near = gateway === undefined ? undefined : await listenUnlessForeign(gateway);
  const site = near ?? (await startDownloadSite({ host: "127.0.0.1" }));
  return {
    url: near ? site.url : `http://host.docker.internal:${site.port}`,
    [Symbol.asyncDispose]: () => site.close(),
  };
}

async function listenUnlessForeign(host: string): Promise<Awaited<ReturnType<typeof startDownloadSite>> | undefined> {
  try {
    return await startDownloadSite({ host });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRNOTAVAIL") return undefined;
    throw error;
  }
}

/** Fetches the first index that apt would, with apt's own downloader, so that the image's settings hold. */
const PACKAGES = `
index=$(apt-get --print-uris update | sed -n "s/^'\\(.*InRelease\\)'.*/\\1/p" | head -n 1)
echo "$index"
timeout 30 /usr/lib/apt/apt-helper -o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10 \
  download-file "$index" /tmp/index`;

const REGISTRY = "npm config get registry; timeout 40 npm view vue version --fetch-retries=0 --fetch-timeout=15000";

/**
 * Rejects at once, naming what is missing, where the engine lacks `ubuntu:latest` or its containers can't reach the
 * package mirror or the download site.
 */
export async function requirePackages(engine: BareEngine, name: string, site: ReachableSite): Promise<void> {
  await requireImage(engine, "ubuntu:latest");
  await requireReach(engine, { image: "ubuntu:latest", name: `${name}-packages` }, ["its package mirror", PACKAGES]);
  const { hostname, port } = new URL(site.url);
  await requireReach(engine, { image: "ubuntu:latest", name: `${name}-site` }, [
    `the download site of these tests at ${site.url}`,
    `timeout 10 bash -c 'exec 3<>/dev/tcp/${hostname}/${port}'`,
  ]);
}

/** The same for `node:lts` and the npm registry. */
export async function requireRegistry(engine: BareEngine, name: string): Promise<void> {
  await requireImage(engine, "node:lts");
  await requireReach(engine, { image: "node:lts", name: `${name}-registry` }, ["the npm registry", REGISTRY]);
}

async function requireImage(engine: BareEngine, image: string): Promise<void> {
  const there = (await engine.images()).some(({ RepoTags }) => RepoTags?.includes(image));
  if (!there) throw new Error(`the engine lacks ${image}: node scripts/base-images.mjs ${image}`);
}

async function requireReach(
  engine: BareEngine,
  of: { readonly image: string; readonly name: string },
  [what, script]: readonly [what: string, script: string],
): Promise<void> {
  const { code, text } = await runInImage(engine, of, ["sh", "-c", script]);
  if (code === 0) return;
  throw new Error(
    `the walk-through needs the network: a container of ${of.image} can't reach ${what} (${code}):\n${text}`,
  );
}
