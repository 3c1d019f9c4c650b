import { expect, test } from "vitest";
import { layerSharing, layersOfSteps, stepOrigins } from "../../src/cli/layer-sharing.ts";

const step = (createdBy: string, size: number, created = 0) => ({ createdBy, size, created, tags: [], comment: "" });

test("layers are shared from below, up to the first that differs", () => {
  const others = [
    { name: "same-base", layers: ["a", "x", "c"] },
    { name: "child", layers: ["a", "b", "c", "d"] },
    { name: "stranger", layers: ["z", "b"] },
  ];
  expect(layerSharing(["a", "b", "c"], others)).toEqual([["same-base", "child"], ["child"], ["child"]]);
  expect(layerSharing([], others)).toEqual([]);
});

test("steps are told their layers where the numbers fit, with or without empty layers", () => {
  const steps = [step('CMD ["x"]', 0), step("RUN /bin/sh -c true # buildkit", 0), step("COPY . . # buildkit", 5)];
  expect(layersOfSteps(steps, 1)).toEqual([undefined, undefined, 0]);
  expect(layersOfSteps(steps, 2)).toEqual([undefined, 1, 0]);
  expect(layersOfSteps(steps, 3)).toBeUndefined();
});

test("a step that is older than the last build's beginning came from the cache", () => {
  const log = [{ time: 20_500, durationMs: 3_000, target: "image:app", kind: "image.build", reasons: [], image: "i" }];
  const steps = [step("RUN b", 1, 19), step("RUN a", 1, 17), step("FROM", 1, 3)];
  expect(stepOrigins(steps, { image: "i", log })).toEqual(["built", "built", "cached"]);
  expect(stepOrigins(steps, { image: "other", log })).toBeUndefined();
});
