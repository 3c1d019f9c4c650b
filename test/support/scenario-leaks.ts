import type { BareEngine } from "./scenario-engine.ts";

/** Every object of an engine as a line of text, whoever it belongs to. */
export type EngineInventory = ReadonlySet<string>;

/** Lists all containers, networks, volumes, images and tags. */
export async function takeInventory(engine: BareEngine): Promise<EngineInventory> {
  const [containers, networks, volumes, images] = await Promise.all([
    engine.containers(),
    engine.networks(),
    engine.volumes(),
    engine.images(),
  ]);
  return new Set([
    ...containers.map(({ Id, Names }) => `container ${Names.join(" ")} ${Id.slice(0, 12)}`),
    // An engine makes its own bridge anew whenever it starts.
    ...networks.map(({ Id, Name }) => `network ${Name} ${Name === "bridge" ? "" : Id.slice(0, 12)}`.trimEnd()),
    ...volumes.map(({ Name }) => `volume ${Name}`),
    ...images.flatMap(({ Id, RepoTags }) => [`image ${Id}`, ...(RepoTags ?? []).map((tag) => `tag ${tag} ${Id}`)]),
  ]);
}

/** What is there now and was not before, and what is gone. */
export function inventoryDifference(before: EngineInventory, after: EngineInventory): readonly string[] {
  return [
    ...[...after].filter((line) => !before.has(line)).map((line) => `left behind: ${line}`),
    ...[...before].filter((line) => !after.has(line)).map((line) => `gone: ${line}`),
  ].sort();
}

/** Removes whatever a prefix of names marks as a test's own, in the order that the engine wants. */
export async function sweepEngine(engine: BareEngine, prefix: string): Promise<void> {
  for (const { Id, Names } of await engine.containers()) {
    if (Names.some((name) => name.slice(1).startsWith(prefix))) await engine.remove(`/containers/${Id}?force=1&v=1`);
  }
  for (const { Id, Name } of await engine.networks())
    if (Name.startsWith(prefix)) await engine.remove(`/networks/${Id}`);
  for (const { Name } of await engine.volumes())
    if (Name.startsWith(prefix)) await engine.remove(`/volumes/${Name}?force=1`);
  const tags = (await engine.images()).flatMap(({ RepoTags }) => RepoTags ?? []);
  for (const tag of tags) if (tag.startsWith(prefix)) await engine.remove(`/images/${encodeURIComponent(tag)}?force=1`);
}
