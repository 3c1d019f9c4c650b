import { expect, test } from "vitest";
import { reconcile } from "../../src/plan/reconcile.ts";
import { plainRequest } from "../../src/plan/request.ts";
import { applyPlan } from "../support/plan-interpreter.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

const service = (key: string, networks: string): string => `  ${key}: { image: busybox, networks: [${networks}] }\n`;

function after(first: string, second: string): readonly string[] {
  const [before, wanted] = [projectOf(first), projectOf(second)];
  const observed = applyPlan(
    { project: before, inputs: inputsOf(before), observed: emptyEngine() },
    reconcile(before, { inputs: inputsOf(before), observed: emptyEngine() }, plainRequest("dev")),
  );
  const { plan } = reconcile(wanted, { inputs: inputsOf(wanted), observed }, plainRequest("dev"));
  return plan.actions.map(({ id }) => id.replace(/ [0-9a-f]{12}$/, ""));
}

test("a network with another definition goes after every container has left it", () => {
  const first = `name: shop\nservices:\n${service("stays", "back")}${service("leaves", "back")}${service("goes", "back")}networks: { back: {} }\n`;
  const second = `name: shop\nservices:\n${service("stays", "back")}${service("leaves", "default")}networks: { back: { internal: true } }\n`;
  const order = after(first, second);
  const removal = order.indexOf("network.remove network:back");
  for (const id of [
    "container.remove service:stays/1",
    "container.remove service:goes/1",
    "network.disconnect service:leaves/1 shop_back",
  ]) {
    expect(order.indexOf(id), id).toBeGreaterThanOrEqual(0);
    expect(order.indexOf(id), id).toBeLessThan(removal);
  }
  expect(order).toContain("container.replace service:leaves/1");
});

test("a second network of a name goes before containers start that are on the first by its name", () => {
  const project = projectOf(`name: shop\nservices:\n${service("web", "default")}`);
  const inputs = inputsOf(project);
  const made = applyPlan(
    { project, inputs, observed: emptyEngine() },
    reconcile(project, { inputs, observed: emptyEngine() }, plainRequest("dev")),
  );
  const observed = {
    ...made,
    containers: made.containers.map((container) => ({ ...container, state: "created" as const })),
    networks: made.networks.flatMap((network) => [network, { ...network, id: `f${network.id}` }]),
  };
  const { plan } = reconcile(project, { inputs, observed }, plainRequest("dev"));
  const removal = plan.actions.find(({ operation }) => operation.kind === "network.remove");
  const start = plan.actions.find(({ operation }) => operation.kind === "container.start");
  expect(start?.after).toContain(removal?.id);
});
