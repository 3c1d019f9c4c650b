import { afterEach, beforeEach, expect, test } from "vitest";
import { connectEngine } from "../../src/engine/connect.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { inspectDiffering, inspectImages, observe, type Scope } from "../../src/engine/observe.ts";
import { emptyBody } from "../../src/plan/container-body.ts";
import { LABEL } from "../../src/plan/labels.ts";
import { FakeEngine } from "../support/fake-engine.ts";

const signal = new AbortController().signal;
const labels = { [LABEL.project]: "shop" };
let fake: FakeEngine;
let engine: Engine;

beforeEach(async () => {
  fake = await FakeEngine.start();
  fake.addImage({
    id: "sha256:1",
    tags: ["app:latest", "shop-app:in-1"],
    config: { WorkingDir: "/app", Volumes: { "/data": {} }, OnBuild: ["RUN x"] },
  });
  engine = connectEngine({ host: fake.host, env: {} });
});
afterEach(async () => {
  await engine.close();
  await fake[Symbol.asyncDispose]();
});

async function create(name: string, own: Readonly<Record<string, string>> = {}): Promise<string> {
  return engine.createContainer(
    { name, body: { ...emptyBody("app:latest"), Labels: own, Env: [`NAME=${name}`] } },
    signal,
  );
}

function scope(over: Partial<Scope["wantedNames"]> = {}): Scope {
  return { project: "shop", wantedNames: { containers: [], networks: [], volumes: [], ...over } };
}

test("own objects are found by label, foreign ones only by the names that are wanted", async () => {
  const web = await create("shop-web-1", labels);
  await create("shop-run-1", { ...labels, [LABEL.oneOff]: "yes" });
  await create("other-1", { [LABEL.project]: "other" });
  const thief = await create("shop-db-1", { [LABEL.project]: "other" });
  await create("shop-db-11");
  const network = await engine.createNetwork({ name: "shop_default", labels }, signal);
  await engine.createNetwork({ name: "shared", labels: {} }, signal);
  await engine.createNetwork({ name: "unrelated", labels: {} }, signal);
  await engine.createVolume({ name: "shop_data", labels }, signal);
  await engine.createVolume({ name: "shop_dat", labels: {} }, signal);
  const observed = await observe(
    engine,
    scope({ containers: ["shop-web-1", "shop-db-1"], networks: ["shop_default", "shared"], volumes: ["shop_dat"] }),
    signal,
  );
  expect(observed.engine).toEqual({ apiVersion: "1.51", version: undefined, platform: undefined, remote: false });
  expect(observed.containers.map(({ id }) => id)).toEqual([web]);
  expect(observed.foreignContainers).toEqual([{ id: thief, name: "shop-db-1", labels: { [LABEL.project]: "other" } }]);
  expect(observed.networks.map(({ name }) => name).sort()).toEqual(["shared", "shop_default"]);
  expect(observed.networks.find(({ name }) => name === "shop_default")).toEqual({
    id: network,
    name: "shop_default",
    labels,
    driver: "bridge",
  });
  expect(observed.volumes.map(({ name }) => name).sort()).toEqual(["shop_dat", "shop_data"]);
  expect(fake.requests.filter(({ mutating, path }) => !mutating && path !== "/_ping")).toHaveLength(7);
});

test("a one-off container that holds a wanted name stands in the way", async () => {
  await create("shop-web-1", { ...labels, [LABEL.oneOff]: "yes" });
  const observed = await observe(engine, scope({ containers: ["shop-web-1"] }), signal);
  expect(observed.containers).toEqual([]);
  expect(observed.foreignContainers.map(({ name }) => name)).toEqual(["shop-web-1"]);
});

test("what is all there takes four reading requests, and none that changes anything", async () => {
  await create("shop-web-1", labels);
  await engine.createNetwork({ name: "shop_default", labels }, signal);
  await engine.createVolume({ name: "shop_data", labels }, signal);
  fake.requests.length = 0;
  await observe(
    engine,
    scope({ containers: ["shop-web-1"], networks: ["shop_default"], volumes: ["shop_data"] }),
    signal,
  );
  expect(fake.mutations).toEqual([]);
  expect(fake.requests.map(({ path }) => path).sort()).toEqual([
    "/containers/json",
    "/images/json",
    "/networks",
    "/volumes",
  ]);
});

test("the engine's version and platform are asked for where images are built", async () => {
  const observed = await observe(engine, { ...scope(), builds: true }, signal);
  expect(observed.engine).toEqual({ apiVersion: "1.51", version: "fake", platform: "linux/amd64", remote: false });
});

test("untagged images are left out unless an own container runs them", async () => {
  fake.addImage({ id: "sha256:2", tags: ["old:latest"] });
  fake.addImage({ id: "sha256:3", tags: ["loose:latest"] });
  await engine.createContainer({ name: "shop-web-1", body: { ...emptyBody("old:latest"), Labels: labels } }, signal);
  fake.addImage({ id: "sha256:4", tags: ["old:latest", "loose:latest"] });
  const { images, containers } = await observe(engine, scope(), signal);
  expect(images.map(({ id }) => id).sort()).toEqual(["sha256:1", "sha256:2", "sha256:4"]);
  expect(containers[0]).toMatchObject({ imageId: "sha256:2", imageRef: "sha256:2" });
});

test("containers that differ get their live side, and one that vanished is left out", async () => {
  const web = await create("shop-web-1", labels);
  const gone = await create("shop-gone-1", labels);
  const same = await create("shop-same-1", labels);
  const observed = await observe(engine, scope(), signal);
  await engine.removeContainer(gone, { volumes: false }, signal);
  const { containers } = await inspectDiffering(engine, { observed, ids: [web, gone] }, signal);
  expect(new Map(containers.map(({ id, live }) => [id, live]))).toEqual(
    new Map([
      [web, { environment: { NAME: "shop-web-1" }, restart: { policy: "no", maxRetries: 0 }, limits: {} }],
      [same, undefined],
    ]),
  );
});

test("images that are asked about get their configuration and the time of their tagging", async () => {
  fake.addImage({ id: "sha256:2", tags: ["shop-web:in-1"] });
  const observed = await observe(engine, scope(), signal);
  const questions = { taggedTimes: ["shop-web"], configs: ["app:latest", "missing:latest"] };
  const { images } = await inspectImages(engine, { observed, questions }, signal);
  const byId = new Map(images.map((image) => [image.id, image]));
  expect(byId.get("sha256:1")?.config).toEqual({
    workingDir: "/app",
    volumes: ["/data"],
    onBuild: ["RUN x"],
    environment: {},
  });
  expect(byId.get("sha256:2")?.lastTagged).toBeGreaterThan(Date.now() / 1000 - 60);
});
