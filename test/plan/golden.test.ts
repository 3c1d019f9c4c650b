import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Observed } from "../../src/plan/observed.ts";
import type { Reason } from "../../src/plan/reason.ts";
import { type Reconciled, reconcile } from "../../src/plan/reconcile.ts";
import { type PlanRequest, plainRequest } from "../../src/plan/request.ts";
import { slotOf } from "../../src/plan/slot-state.ts";
import { applyPlan } from "../support/plan-interpreter.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

const root = new URL("../golden/plan/", import.meta.url);

/** `options.json` of a case. */
interface CaseOptions {
  /** State that a service's containers have come to since. */
  readonly states?: Readonly<Record<string, Observed["containers"][number]["state"]>>;
  readonly request?: Partial<PlanRequest>;
  readonly apiVersion?: string;
  /** Networks of which the engine has a second one of the same name, with a smaller id. */
  readonly twins?: readonly string[];
  /** Running containers of others on networks, by the network's name on the engine. */
  readonly strangers?: Readonly<Record<string, string>>;
  /** File contents by image, where they differ for `after.yaml`. */
  readonly files?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A case has `after.yaml` and, unless it starts from nothing, `before.yaml`, which is up when it is planned for. */
function readCase(name: string): { before: string | undefined; after: string; options: CaseOptions } {
  const read = (file: string): string | undefined => {
    const url = new URL(`${name}/${file}`, root);
    return existsSync(url) ? readFileSync(url, "utf8") : undefined;
  };
  const options = JSON.parse(read("options.json") ?? "{}") as CaseOptions;
  const before = read("before.yaml");
  return { before, after: read("after.yaml") ?? before ?? "", options };
}

function upped(text: string): Observed {
  const project = projectOf(text);
  const world = { project, inputs: inputsOf(project), observed: emptyEngine() };
  return settled(applyPlan(world, reconcile(project, world, plainRequest("dev"))));
}

/** Every container healthy: readiness is another matter. */
function settled(observed: Observed): Observed {
  return { ...observed, containers: observed.containers.map((container) => ({ ...container, health: "healthy" })) };
}

function reasonText({ code, path, before, after, files }: Reason): string {
  const change = before === undefined && after === undefined ? "" : `${before ?? "(none)"} → ${after ?? "(none)"}`;
  return [code, path, change, files?.join(",")].filter((part) => part !== undefined && part !== "").join(" ");
}

function planText({ plan, conflicts, notices }: Reconciled): string {
  const steady = (text: string): string => text.replace(/\b(sha256:|in-)?[0-9a-f]{12,64}\b/g, "$1…");
  const lines = [
    ...conflicts.map(({ kind, message, hint }) => `conflict ${kind}: ${message} (${hint})`),
    ...plan.actions.map(({ id, reasons, after, onlyIfImageIsNot, destroys }) =>
      [
        `${id}: ${reasons.map(reasonText).join("; ")}`,
        ...(onlyIfImageIsNot ? [`  only if image ${onlyIfImageIsNot.image} is another one`] : []),
        ...(destroys === undefined ? [] : [`  destroys ${destroys}`]),
        ...after.map((other) => `  after ${other}`),
      ].join("\n"),
    ),
    ...(notices ?? []).map((message) => `notice: ${message}`),
    ...plan.unchanged.map((target) => `unchanged ${target}`),
  ];
  return lines.map((line) => `${steady(line)}\n`).join("");
}

test.each(readdirSync(root).toSorted())("%s", async (name) => {
  const { before, after, options } = readCase(name);
  const there = before === undefined ? emptyEngine() : upped(before);
  const observed: Observed = {
    ...there,
    engine: { ...there.engine, ...(options.apiVersion === undefined ? {} : { apiVersion: options.apiVersion }) },
    networks: there.networks.flatMap((network) => {
      const stranger = options.strangers?.[network.name];
      const known = stranger === undefined ? network : { ...network, members: [{ id: "s", name: stranger }] };
      return options.twins?.includes(network.name)
        ? [known, { ...network, id: `0000${network.id.slice(4)}` }]
        : [known];
    }),
    containers: there.containers.map((container) => {
      const state = options.states?.[slotOf(container)?.service ?? ""];
      return state === undefined ? container : { ...container, state };
    }),
  };
  const project = projectOf(after);
  const world = { project, inputs: inputsOf(project, options.files), observed };
  const request = { ...plainRequest("dev"), ...options.request };
  const reconciled = reconcile(project, world, request);
  await expect(planText(reconciled)).toMatchFileSnapshot(`../golden/plan/${name}/expected.txt`);
  if (reconciled.conflicts.length > 0) return;
  const asked = { ...request, forceRecreate: false, forceBuild: false };
  const again = reconcile(project, { ...world, observed: settled(applyPlan(world, reconciled)) }, asked);
  expect(again.plan.actions.map(({ id }) => id)).toEqual([]);
});
