import { setTimeout as delay } from "node:timers/promises";
import { LABEL } from "../../src/plan/labels.ts";
import type { BareEngine } from "./scenario-engine.ts";

/** What an engine has of a project, a line an object, without what differs between two equally good runs. */
export type Snapshot = readonly string[];

interface Inspection {
  readonly Id: string;
  readonly Name: string;
  readonly Image: string;
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly Health?: { readonly Status: string };
  };
  readonly Config: { readonly Env: readonly string[] | null; readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: {
    readonly RestartPolicy: { readonly Name: string };
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>> | null;
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly NetworkID: string; readonly Aliases: readonly string[] | null }>
    >;
  };
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source?: string;
    readonly Destination: string;
  }[];
}

interface Listed {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

/**
 * The containers, networks and volumes that carry a project's label or begin with its name. Ids, times, addresses and
 * keyed digests are left out; `steady` replaces what else belongs to one run (its ports, its directory).
 */
export async function takeSnapshot(
  engine: BareEngine,
  project: string,
  steady: (text: string) => string = (text) => text,
): Promise<Snapshot> {
  const [containers, networks, volumes, images] = await Promise.all([
    engine.containers(),
    engine.get<readonly Listed[]>("/networks"),
    engine.volumes(),
    engine.images(),
  ]);
  const isOwn = (name: string, labels: Readonly<Record<string, string>> | null): boolean =>
    labels?.[LABEL.project] === project || name.startsWith(project);
  const tags = new Map(images.map(({ Id, RepoTags }) => [Id, [...(RepoTags ?? [])].sort()[0] ?? Id]));
  const networkNames = new Map(networks.map(({ Id, Name }) => [Id, Name]));
  const own = containers.filter(({ Names, Labels }) => isOwn((Names[0] ?? "").slice(1), Labels));
  const inspections = await Promise.all(own.map(async ({ Id }) => inspect(engine, Id)));
  const lines = [
    ...inspections.map((container) => containerLine(container, { tags, networkNames })),
    ...networks
      .filter(({ Name, Labels }) => isOwn(Name, Labels))
      .map(({ Name, Driver }) => `network ${Name} ${Driver}`),
    ...volumes.filter(({ Name, Labels }) => isOwn(Name, Labels)).map(({ Name }) => `volume ${Name}`),
  ];
  return lines.map((line) => steady(line.replaceAll(project, "demo"))).sort();
}

/** Lines that only one of two snapshots has. */
export function snapshotDifference(wanted: Snapshot, found: Snapshot): readonly string[] {
  return [...without(wanted, found).map((line) => `- ${line}`), ...without(found, wanted).map((line) => `+ ${line}`)];
}

/** The lines of `lines` beyond those of `others`: an object that is there twice has its line twice. */
function without(lines: Snapshot, others: Snapshot): readonly string[] {
  const left = [...others];
  return lines.filter((line) => {
    const index = left.indexOf(line);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

/** A container as it is at rest: one whose health is still being found out is looked at again. */
async function inspect(engine: BareEngine, id: string): Promise<Inspection> {
  for (let attempt = 0; ; attempt += 1) {
    const found = await engine.get<Inspection>(`/containers/${id}/json`);
    if (found.State.Health?.Status !== "starting" || attempt === 100) return found;
    await delay(20);
  }
}

function containerLine(
  { Id, Name, Image, State, Config, HostConfig, NetworkSettings, Mounts }: Inspection,
  names: { readonly tags: ReadonlyMap<string, string>; readonly networkNames: ReadonlyMap<string, string> },
): string {
  const running = State.Status === "running";
  const state = running ? `running ${State.Health?.Status ?? ""}` : `${State.Status} ${State.ExitCode}`;
  const networks = Object.entries(NetworkSettings.Networks).map(([name, { NetworkID, Aliases }]) => {
    // Old engines list the container's short id among its aliases.
    const aliases = (Aliases ?? []).filter((alias) => alias !== Id.slice(0, 12)).sort();
    // An endpoint has no network's id until its container has been started.
    const real = NetworkID === "" || names.networkNames.get(NetworkID) === name ? name : `${name} (another one)`;
    return `${real}[${[...new Set(aliases)].join(",")}]`;
  });
  const ports = Object.entries(HostConfig.PortBindings ?? {}).map(
    ([port, bindings]) => `${(bindings ?? []).map(({ HostPort }) => HostPort).join(",")}:${port}`,
  );
  const mounts = Mounts.map(({ Type, Name: volume, Source, Destination }) => {
    const source = volume === undefined ? (Source ?? "") : /^[0-9a-f]{64}$/.test(volume) ? "anonymous" : volume;
    return `${Type}:${source}:${Destination}`;
  });
  return [
    `container ${Config.Labels[LABEL.service]}/${Config.Labels[LABEL.number]}`,
    Name,
    state.trim(),
    names.tags.get(Image) ?? Image,
    `env ${[...(Config.Env ?? [])].sort().join(" ")}`,
    `networks ${networks.sort().join(" ")}`,
    `ports ${ports.sort().join(" ")}`,
    `mounts ${mounts.sort().join(" ")}`,
    `restart ${HostConfig.RestartPolicy.Name}`,
  ].join(" | ");
}
