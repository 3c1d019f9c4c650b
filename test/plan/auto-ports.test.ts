import { describe, expect, test } from "vitest";
import { autoPorts } from "../../src/plan/auto-ports.ts";
import { LABEL } from "../../src/plan/labels.ts";
import type { Observed } from "../../src/plan/observed.ts";
import { reconcile } from "../../src/plan/reconcile.ts";
import { plainRequest } from "../../src/plan/request.ts";
import { applyPlan } from "../support/plan-interpreter.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

const WEB = 'name: shop\nservices: { web: { image: nginx, ports: ["auto:3000"] } }\n';
const KEY = "service:web/1 127.0.0.1:3000/tcp";

function planned(text: string, observed: Observed, freePorts: Readonly<Record<string, number>> = {}) {
  const project = projectOf(text);
  const world = { project, inputs: { ...inputsOf(project), freePorts }, observed };
  const reconciled = reconcile(project, world, plainRequest("dev"));
  return {
    reasons: reconciled.plan.actions.map(({ id, reasons: [reason] }) => [
      id,
      reason?.path,
      reason?.before,
      reason?.after,
    ]),
    ports: reconciled.slots.map(({ hostPorts }) => hostPorts),
    after: applyPlan(world, reconciled),
  };
}

const first = planned(WEB, emptyEngine(), { [KEY]: 20_123 });

describe("a port that dock chooses", () => {
  test("is the free one that was found", () => {
    expect(first.ports).toEqual([{ "127.0.0.1:3000/tcp": 20_123 }]);
    expect(first.after.containers[0]?.labels[LABEL.ports]).toBe('{"127.0.0.1:3000/tcp":20123}');
  });

  test("stays, also over a replacement", () => {
    expect(planned(WEB, first.after).reasons).toEqual([]);
    const replaced = planned(WEB.replace("image: nginx", "image: nginx, tty: true"), first.after);
    expect(replaced.reasons.map(([id]) => id)).toEqual(["container.replace service:web/1"]);
    expect(replaced.ports).toEqual(first.ports);
    expect(replaced.after.containers[0]?.labels[LABEL.ports]).toBe('{"127.0.0.1:3000/tcp":20123}');
  });

  test("is another one when somebody else has taken it", () => {
    expect(planned(WEB, first.after, { [KEY]: 20_124 }).reasons).toEqual([
      ["container.replace service:web/1", "127.0.0.1:3000/tcp", "20123", "20124"],
    ]);
  });

  test("is looked for only where no running container has it", () => {
    const of = { services: ["web"], mode: "dev" } as const;
    const project = projectOf(WEB);
    const port = { hostIp: "127.0.0.1", containerPort: 3000, protocol: "tcp", auto: true };
    expect(autoPorts(project, emptyEngine(), of)).toEqual([{ key: KEY, port, running: false }]);
    expect(autoPorts(project, first.after, of)).toEqual([{ key: KEY, port, kept: 20_123, running: true }]);
    const stopped = {
      ...first.after,
      containers: first.after.containers.map((one) => ({ ...one, state: "exited" as const })),
    };
    expect(autoPorts(project, stopped, of)).toEqual([{ key: KEY, port, kept: 20_123, running: false }]);
  });
});
