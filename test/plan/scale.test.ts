import { expect, test } from "vitest";
import type { Observed } from "../../src/plan/observed.ts";
import { reconcile } from "../../src/plan/reconcile.ts";
import { plainRequest } from "../../src/plan/request.ts";
import { wantedSlots } from "../../src/plan/wanted.ts";
import { applyPlan } from "../support/plan-interpreter.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

/** A project of so many services, each with a port and a volume, that stand in pairs. */
function projectText(count: number): string {
  const services = Array.from({ length: count }, (_, index) => {
    const needs = index % 2 === 1 ? `, depends_on: [s${index - 1}]` : "";
    return `  s${index}: { image: nginx, ports: ["${10_000 + index}:80"], mounts: ["v${index}:/data"]${needs} }`;
  });
  const volumes = Array.from({ length: count }, (_, index) => `  v${index}:`);
  return ["services:", ...services, "volumes:", ...volumes].join("\n");
}

/** How often a property of a container is looked at while a plan is made that has nothing to do. */
function looksAtContainers(count: number): number {
  const project = projectOf(projectText(count));
  const request = plainRequest("plain");
  const inputs = inputsOf(project);
  const plan = (observed: Observed) => {
    const services = Object.keys(project.services).sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
    const slots = wantedSlots(project, { inputs, observed }, { mode: request.mode, services });
    return reconcile(project, { inputs, observed, slots }, request);
  };
  const observed = applyPlan({ project, inputs, observed: emptyEngine() }, plan(emptyEngine()));
  let looks = 0;
  const counted = observed.containers.map(
    (container) =>
      new Proxy(container, {
        get: (target, name) => {
          looks += 1;
          return Reflect.get(target, name) as unknown;
        },
      }),
  );
  expect(plan({ ...observed, containers: counted }).plan.actions).toEqual([]);
  return looks;
}

test("a plan of twice the services takes twice the looks at containers", () => {
  const [few, many] = [looksAtContainers(60), looksAtContainers(120)];
  expect(few).toBeGreaterThan(60);
  expect(many / few).toBeLessThan(2.2);
});
