import { describe, expect, test } from "vitest";
import { LABEL } from "../../src/plan/labels.ts";
import { claim } from "../../src/plan/ownership.ts";
import { reconcile } from "../../src/plan/reconcile.ts";
import { plainRequest } from "../../src/plan/request.ts";
import { teardown } from "../../src/plan/teardown.ts";
import type { Project } from "../../src/project/model.ts";
import { applyPlan } from "../support/plan-interpreter.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

const TEXT = 'name: shop\nservices:\n  web: { image: nginx, mounts: ["data:/data"] }\nvolumes: { data: {} }\n';

/** The same file in another place. */
function at(file: string): Project {
  return { ...projectOf(TEXT), file };
}

function upped(project: Project) {
  const world = { project, inputs: inputsOf(project), observed: emptyEngine() };
  return applyPlan(world, reconcile(project, world, plainRequest("dev")));
}

describe("two checkouts with the same project name", () => {
  const theirs = at("/theirs/dock.yaml");
  const mine = at("/mine/dock.yaml");

  test("stand in each other's way and say who is there", () => {
    const { observed, adoptedFrom } = claim(mine, upped(theirs), new Set([theirs.file]));
    const { conflicts } = reconcile(mine, { inputs: inputsOf(mine), observed }, plainRequest("dev"));
    expect(adoptedFrom).toEqual([]);
    expect(conflicts.map(({ kind }) => kind).toSorted()).toEqual([
      "foreign-container",
      "foreign-network",
      "foreign-volume",
    ]);
    for (const { message } of conflicts) expect(message).toContain(theirs.file);
  });

  test("don't take each other down", () => {
    const { observed } = claim(mine, upped(theirs), new Set([theirs.file]));
    const plan = teardown(mine, observed, { volumes: true, images: [], stopSeconds: {} });
    expect(plan.actions).toEqual([]);
  });
});

describe("a checkout that has moved", () => {
  test("takes over what it made before, and changes nothing of it", () => {
    const before = at("/before/dock.yaml");
    const after = at("/after/dock.yaml");
    const { observed, adoptedFrom } = claim(after, upped(before), new Set());
    const { plan, conflicts } = reconcile(after, { inputs: inputsOf(after), observed }, plainRequest("dev"));
    expect(adoptedFrom).toEqual([before.file]);
    expect(conflicts).toEqual([]);
    expect(plan.actions).toEqual([]);
    expect(observed.containers.map(({ labels }) => labels[LABEL.file])).toEqual([after.file]);
  });
});
