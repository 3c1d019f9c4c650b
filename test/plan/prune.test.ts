import { expect, test } from "vitest";
import { planPrune, type PruneWorld } from "../../src/plan/prune.ts";

const digest = (letter: string): string => letter.repeat(64);
const input = (image: string, letter: string): string => `shop-${image}:in-${digest(letter)}`;
const PROJECT = { name: "shop", images: { app: {}, site: {} } };

function world(over: Partial<PruneWorld>): PruneWorld {
  return { images: [], inUse: new Set(), built: new Map(), keep: 3, ...over };
}

function refs(over: Partial<PruneWorld>): readonly string[] {
  return planPrune(PROJECT, world(over)).plan.actions.map(({ operation }) =>
    operation.kind === "image.remove" ? operation.ref : operation.kind,
  );
}

const five = ["a", "b", "c", "d", "e"].map((letter, index) => ({
  id: `sha256:${letter}`,
  tags: [input("app", letter), ...(letter === "a" ? ["app:release"] : [])],
  digests: [],
  lastTagged: 100 + index,
}));

test("the oldest input tags go, and no other tag", () => {
  expect(refs({ images: five }).toSorted()).toEqual([input("app", "a"), input("app", "b")]);
  expect(planPrune(PROJECT, world({ images: five })).removed).toEqual(["sha256:b"]);
  expect(refs({ images: five, keep: 1 })).toHaveLength(4);
  expect(refs({ images: five.slice(0, 3) })).toEqual([]);
});

test("what a container uses stays, whoever's it is", () => {
  expect(refs({ images: five, inUse: new Set(["sha256:b"]) })).toEqual([input("app", "a")]);
});

test("another project's tags and images stay, also where the names look alike", () => {
  const foreign = ["shop-app-2", "other-app", "shop-gone", "my/shop-app"].flatMap((repository, at) =>
    five.map((image, index) => ({ ...image, id: `sha256:${at}${index}`, tags: [`${repository}:in-${digest("f")}`] })),
  );
  const untagged = { id: "sha256:stranger", tags: [], digests: [] };
  expect(refs({ images: [...foreign, untagged], keep: 1 })).toEqual([]);
});

test("an image without a tag goes where it is known to be a build of this project", () => {
  const untagged = { id: "sha256:old", tags: [], digests: [] };
  const built = new Map([["sha256:old", "app"]]);
  expect(refs({ images: [untagged], built })).toEqual(["sha256:old"]);
  expect(refs({ images: [untagged], built, inUse: new Set(["sha256:old"]) })).toEqual([]);
  expect(refs({ images: [{ ...untagged, tags: ["somebody:1"] }], built })).toEqual([]);
});

test("where the engine does not tell when tags were put on, all of them stay and it is said", () => {
  const images = five.map(({ id, tags, digests }) => ({ id, tags, digests }));
  expect(planPrune(PROJECT, world({ images }))).toMatchObject({ plan: { actions: [] }, unknown: ["app"] });
});
