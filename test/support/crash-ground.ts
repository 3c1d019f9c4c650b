import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CRASH_IMAGES } from "./crash-scenarios.ts";
import type { SitePorts } from "./crash-site.ts";
import { FakeEngine } from "./fake-engine.ts";
import type { NewImage } from "./fake-engine-images.ts";
import type { FakeVolume } from "./fake-engine-state.ts";
import { BareEngine } from "./scenario-engine.ts";
import { inventoryDifference, takeInventory } from "./scenario-leaks.ts";

/** An engine for one run, with a way to put a mark into a volume that only the loss of its data takes away. */
export interface CrashGround extends AsyncDisposable {
  readonly socketPath: string;
  readonly host: string;
  readonly bare: BareEngine;
  readonly ports: SitePorts;
  mark(volume: string, text: string): Promise<void>;
  /** The mark in a volume; undefined when it has none or is not there. */
  marked(volume: string): Promise<string | undefined>;
  /** What of all that the engine holds is there and was not before, and what is gone; nothing where runs share it. */
  leftovers(): Promise<readonly string[]>;
}

/** Where runs take place. */
export interface CrashField extends AsyncDisposable {
  readonly name: string;
  /** How many runs at once it bears. */
  readonly width: number;
  /** Whether runs share the engine, so that `leftovers` needs a moment in which none is under way. */
  readonly shared: boolean;
  /** Milliseconds in which a struck run has to end. */
  readonly patience: number;
  begin(): Promise<CrashGround>;
  /** As of one run, of all runs that share the engine: asked when none is under way. */
  leftovers(): Promise<readonly string[]>;
}

/** Every run has a fake engine of its own, on which there are things of somebody else. */
export function fakeField(apiVersion: string): CrashField {
  return {
    name: `fake-${apiVersion}`,
    width: 10,
    shared: false,
    patience: 20_000,
    begin: async () => beginFake(apiVersion),
    leftovers: async () => [],
    [Symbol.asyncDispose]: async () => {},
  };
}

async function beginFake(apiVersion: string): Promise<CrashGround> {
  const engine = await FakeEngine.start({ apiVersion });
  for (const [index, tag] of CRASH_IMAGES.entries()) {
    const id = `sha256:${`${index + 1}`.repeat(64)}`;
    const image: NewImage = { id, tags: [tag], behavior: { health: { becomes: "healthy", afterMs: 10 } } };
    engine.addImage(image);
    // What somebody removes can be pulled again.
    engine.registry.set(tag, image);
  }
  engine.addImage({ tags: ["dies-late:latest"], behavior: { exits: { code: 3, afterMs: 450 } } });
  const bare = new BareEngine({ DOCKER_HOST: engine.host });
  await addForeigners(bare);
  const before = await takeInventory(bare);
  const marks = new WeakMap<FakeVolume, string>();
  const find = (name: string): FakeVolume | undefined => engine.world.volumes.find((volume) => volume.name === name);
  return {
    socketPath: engine.socketPath,
    host: engine.host,
    bare,
    // No process of this machine listens there: dock looks.
    ports: { A: 641, B: 642 },
    mark: async (name, text) => {
      const volume = find(name);
      if (volume) marks.set(volume, text);
    },
    marked: async (name) => {
      const volume = find(name);
      return volume && marks.get(volume);
    },
    leftovers: async () => inventoryDifference(before, await takeInventory(bare)),
    [Symbol.asyncDispose]: async () => engine[Symbol.asyncDispose](),
  };
}

/** Somebody else's objects: nothing that dock does may touch them. */
async function addForeigners(bare: BareEngine): Promise<void> {
  const labels = { "dev.dock.project": "another", "dev.dock.file": "/another/dock.yaml" };
  await bare.post("/networks/create", { Name: "another_default", Labels: labels });
  await bare.post("/volumes/create", { Name: "another_data", Labels: labels });
  const mounts = [{ Type: "volume", Source: "another_data", Target: "/data" }];
  const body = { Image: CRASH_IMAGES[0], Cmd: ["sleep", "3600"], Labels: labels, HostConfig: { Mounts: mounts } };
  const { Id } = await bare.post<{ Id: string }>("/containers/create?name=another-db-1", body);
  await bare.post(`/containers/${Id}/start`);
}

/** A real engine that runs share: each has a project and ports of its own. */
export async function realField(name: string, host: string): Promise<CrashField> {
  const bare = new BareEngine({ DOCKER_HOST: host });
  await makeSecondImage(bare);
  const before = await takeInventory(bare);
  let begun = 0;
  const fileOf = async (volume: string): Promise<string> => {
    const { Mountpoint } = await bare.get<{ readonly Mountpoint: string }>(`/volumes/${volume}`);
    return join(Mountpoint, "mark");
  };
  return {
    name,
    width: 4,
    shared: true,
    patience: 90_000,
    begin: async () => {
      const port = 20_000 + (begun++ % 2000) * 2;
      return {
        socketPath: bare.socketPath,
        host,
        bare,
        ports: { A: port, B: port + 1 },
        mark: async (volume, text) => writeFile(await fileOf(volume), text),
        marked: async (volume) => {
          if (!(await bare.volumes()).some(({ Name }) => Name === volume)) return undefined;
          return readFile(await fileOf(volume), "utf8").catch(unlessMissing);
        },
        leftovers: async () => [],
        [Symbol.asyncDispose]: async () => {},
      };
    },
    leftovers: async () => inventoryDifference(before, await takeInventory(bare)),
    [Symbol.asyncDispose]: async () => bare.remove(`/images/${CRASH_IMAGES[1]}`),
  };
}

/** The first image with another configuration, which makes it another image. */
async function makeSecondImage(bare: BareEngine): Promise<void> {
  const [first, second] = CRASH_IMAGES;
  const { Id } = await bare.post<{ readonly Id: string }>("/containers/create", { Image: first });
  const [repo, tag] = second.split(":");
  await bare.post(`/commit?container=${Id}&repo=${repo}&tag=${tag}`, { Image: first, Env: ["SECOND=yes"] });
  await bare.remove(`/containers/${Id}`);
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
