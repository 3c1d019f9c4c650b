import { connectEngine, findEndpoint } from "../../src/engine/connect.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { FakeEngine } from "./fake-engine.ts";

/** What containers of these tests are made from. */
export const IMAGE = "busybox:latest";

/** An engine that has to give the same answers as the others. */
export interface Subject {
  readonly name: string;
  readonly open: () => Promise<OpenSubject>;
}

/** The engine, and what to do when the tests are over. */
export interface OpenSubject {
  readonly engine: Engine;
  readonly socketPath: string;
  readonly close: () => Promise<void>;
}

/** The fakes of the newest and the oldest supported API, and the real engine. */
export function subjectsBeside(real: Engine): readonly Subject[] {
  const fakes = ["1.51", "1.41"].map((apiVersion) => ({
    name: `the fake of API ${apiVersion}`,
    open: () => openFake(apiVersion),
  }));
  return [...fakes, { name: "the real engine", open: () => openReal(real) }];
}

/** A fake engine that has the image. */
export async function openFake(apiVersion: string): Promise<OpenSubject> {
  const fake = await FakeEngine.start({ apiVersion });
  fake.addImage({ tags: [IMAGE], config: { Env: ["PATH=/bin"] } });
  const engine = connectEngine({ host: fake.host, env: {} });
  const close = async (): Promise<void> => {
    await engine.close();
    await fake[Symbol.asyncDispose]();
  };
  return { engine, socketPath: fake.socketPath, close };
}

/** The engine at hand; throws when it is not on a unix socket or lacks the image. Closing it is the caller's. */
export async function openReal(real: Engine): Promise<OpenSubject> {
  const endpoint = await findEndpoint({ env: process.env });
  if (endpoint.kind !== "unix") throw new Error("these tests need an engine on a unix socket");
  if (!(await real.inspectImage(IMAGE, AbortSignal.timeout(60_000))))
    throw new Error(`the engine lacks ${IMAGE}: node scripts/base-images.mjs ${IMAGE}`);
  return { engine: real, socketPath: endpoint.path, close: async () => {} };
}

/** Removes whatever has a name that begins so. */
export async function sweep(engine: Engine, prefix: string): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const own = <T extends { readonly name: string }>(objects: readonly T[]): readonly T[] =>
    objects.filter(({ name }) => name.startsWith(prefix));
  for (const { id } of own(await engine.listContainers({}, signal)))
    await engine.removeContainer(id, { volumes: true }, signal);
  for (const { id } of own(await engine.listNetworks({}, signal))) await engine.removeNetwork(id, signal);
  for (const { name } of own(await engine.listVolumes({}, signal))) await engine.removeVolume(name, signal);
  for (const tag of (await engine.listImages(signal)).flatMap((image) => image.tags)) {
    if (tag.startsWith(prefix)) await engine.removeImage(tag, signal);
  }
}
