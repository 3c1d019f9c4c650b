import { describe, expect, test } from "vitest";
import { neededPorts, portConflicts } from "../../src/plan/host-ports.ts";
import type { Observed } from "../../src/plan/observed.ts";
import { reconcile } from "../../src/plan/reconcile.ts";
import { plainRequest } from "../../src/plan/request.ts";
import { applyPlan } from "../support/plan-interpreter.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

const text = (port: number): string =>
  `name: shop\nservices:\n  web: { image: nginx, ports: ["${port}:80", "${port + 1}:81/udp"] }\n`;

function planned(yaml: string, observed: Observed) {
  const project = projectOf(yaml);
  const world = { project, inputs: inputsOf(project), observed };
  const reconciled = reconcile(project, world, plainRequest("dev"));
  return { needed: neededPorts(reconciled.plan, reconciled.slots, observed), after: applyPlan(world, reconciled) };
}

describe("ports that a plan needs", () => {
  test("are all published ones of a new container", () => {
    expect(planned(text(8080), emptyEngine()).needed).toEqual([
      { service: "web", hostIp: "127.0.0.1", hostPort: 8080, protocol: "tcp" },
      { service: "web", hostIp: "127.0.0.1", hostPort: 8081, protocol: "udp" },
    ]);
  });

  test("are none where nothing starts", () => {
    expect(planned(text(8080), planned(text(8080), emptyEngine()).after).needed).toEqual([]);
  });

  test("leave out those that the replaced container has now", () => {
    const { needed } = planned(text(8081), planned(text(8080), emptyEngine()).after);
    expect(needed.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`)).toEqual(["8081/tcp", "8082/udp"]);
  });
});

test("a held port is a conflict that names its holder and a free one", () => {
  const [conflict] = portConflicts([
    {
      service: "web",
      hostIp: "127.0.0.1",
      hostPort: 8080,
      protocol: "tcp",
      holder: "process nginx (pid 7)",
      free: 8081,
    },
  ]);
  expect(conflict?.message).toBe("service web publishes port 8080 of 127.0.0.1, which process nginx (pid 7) holds");
  expect(conflict?.hint).toContain("8081 is free");
});
