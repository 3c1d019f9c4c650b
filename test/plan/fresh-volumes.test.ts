import { describe, expect, test } from "vitest";
import { dataVolumeName } from "../../src/plan/data-volume.ts";
import type { Observed } from "../../src/plan/observed.ts";
import { reconcile } from "../../src/plan/reconcile.ts";
import { plainRequest } from "../../src/plan/request.ts";
import { applyPlan } from "../support/plan-interpreter.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

const TEXT = `
name: shop
volumes: { named: {} }
services:
  web: { image: nginx, mounts: [/cache, "named:/named"], dev: { mounts: ["./web:/app", /app/node_modules] } }
  db: { image: postgres }
`;

/** The project up; what the engine names the anonymous volume is as dock has it made. */
function running(): Observed {
  const project = projectOf(TEXT);
  const world = { project, inputs: inputsOf(project), observed: emptyEngine() };
  const after = applyPlan(world, reconcile(project, world, plainRequest("dev")));
  const slot = { service: "web", number: 1 };
  const containers = after.containers.map((container) => ({
    ...container,
    mounts: container.mounts.map((mount) =>
      mount.target === "/cache" ? { ...mount, source: dataVolumeName("shop", { slot, path: "/cache" }) } : mount,
    ),
  }));
  return { ...after, containers };
}

describe("fresh anonymous volumes", () => {
  test("come with new containers once the old ones are gone, and what is lost is said", () => {
    const project = projectOf(TEXT);
    const world = { project, inputs: inputsOf(project), observed: running() };
    const { plan } = reconcile(project, world, { ...plainRequest("dev"), renewAnonVolumes: true });
    const web = plan.actions.filter(({ target }) => /web\/1/.test(target));
    expect(web.map(({ operation }) => operation.kind)).toEqual([
      "container.stop",
      "container.remove",
      "volume.remove",
      "volume.remove",
      "volume.create",
      "container.create",
      "container.start",
      "container.wait",
    ]);
    const destroyed = plan.actions.flatMap(({ destroys, target }) => (destroys === undefined ? [] : [target]));
    expect(destroyed).toEqual(["volume:web/1:/cache"]);
    expect(
      plan.actions.filter(({ target }) => target === "service:db/1").map(({ operation }) => operation.kind),
    ).toEqual(["container.replace"]);
  });
});
