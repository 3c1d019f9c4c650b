import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planJson } from "../../src/ui/plan-json.ts";
import { formatPlan } from "../../src/ui/plan-view.ts";
import { styleWith } from "../../src/ui/style.ts";
import { displayWidth } from "../../src/ui/width.ts";
import { action, build, creation, planOf } from "./plan-builder.ts";

const style = styleWith({ color: false });

describe("formatPlan", () => {
  test("a slot's creation, start and readiness are one line", () => {
    expect(formatPlan(planOf(creation("web", "healthy")), style)).toBe(
      "+ service:web/1  create  not there yet\n\nPlan: 1 to create",
    );
  });

  test("removing and making one target anew is a replacement", () => {
    const plan = planOf([
      action("network:back", { kind: "network.remove", id: "n1", name: "shop_back" }),
      action("network:back", { kind: "network.create", network: "back", name: "shop_back" }),
    ]);
    expect(formatPlan(plan, style)).toContain("~ network:back  replace");
  });

  test("an image that only loses old tags is not counted among the unchanged too", () => {
    const old = action(
      "image:web",
      { kind: "image.remove", ref: "shop-web:in-0" },
      { reasons: [{ code: "superseded", path: "shop-web:in-0" }] },
    );
    const text = formatPlan(planOf([old], ["image:web", "service:web/1"]), style);
    expect(text).toBe("- image:web  untag  superseded by newer builds\n\nPlan: 1 to remove, 1 unchanged");
  });

  test("a long target has a line of its own and leaves the columns as they are", () => {
    const volume = {
      kind: "dev",
      slot: { service: "web", number: 1 },
      path: "/app/a/very/long/way/down/node_modules",
    } as const;
    const made = action(`volume:web/1:${volume.path}`, { kind: "volume.create", volume });
    const lines = formatPlan(planOf([made, ...creation("web", "healthy")]), style).split("\n");
    expect(lines[0]).toBe(`+ volume:web/1:${volume.path}`);
    expect(lines[1]?.indexOf("create")).toBe(lines[2]?.indexOf("create"));
  });

  test("many reasons are counted after the first few", () => {
    const reasons = Array.from({ length: 20 }, (_, index) => ({ code: "config-changed" as const, path: `p${index}` }));
    const text = formatPlan(planOf([build("web", { reasons })]), style);
    expect(text.split("\n")).toHaveLength(8);
    expect(text).toContain("and 15 more reasons");
  });

  test("what is lost for good is red", () => {
    const lost = action(
      "volume:data",
      { kind: "volume.remove", name: "shop_data" },
      { reasons: [{ code: "teardown" }], destroys: "the data in volume shop_data" },
    );
    expect(formatPlan(planOf([lost]), styleWith({ color: true }))).toContain(
      "\x1b[31mdestroys the data in volume shop_data\x1b[39m",
    );
  });

  test("no line is wider than a terminal of 50 cells or more", () => {
    const plans = fc
      .array(fc.tuple(fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }), fc.string({ maxLength: 90 })))
      .map((services) =>
        planOf(
          services.map(([name, after]) =>
            build(name, { reasons: [{ code: "config-changed", path: "command", before: "x", after }] }),
          ),
        ),
      );
    fc.assert(
      fc.property(plans, fc.integer({ min: 50, max: 130 }), (plan, width) => {
        for (const line of formatPlan(plan, styleWith({ color: false, width })).split("\n")) {
          expect(displayWidth(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });

  test("nothing to do says what was looked at", () => {
    expect(formatPlan(planOf([]), style)).toBe("✔ Everything is up to date");
    expect(formatPlan(planOf([], ["service:a/1", "network:default"]), style)).toBe(
      "✔ Everything is up to date (1 service, 1 network)",
    );
  });
});

test("planJson tells kind, order and reasons, and leaves the operations' arguments out", () => {
  const plan = planOf(
    [
      build("web", { reasons: [{ code: "files-changed", files: ["a"] }] }),
      action(
        "volume:data",
        { kind: "volume.remove", name: "shop_data" },
        { after: ["image.build image:web"], destroys: "data" },
      ),
    ],
    ["service:web/1"],
  );
  expect(planJson(plan)).toEqual({
    format: "dock.plan/1",
    project: "shop",
    actions: [
      {
        id: "image.build image:web",
        kind: "image.build",
        target: "image:web",
        after: [],
        reasons: [{ code: "files-changed", files: ["a"] }],
      },
      {
        id: "volume.remove volume:data",
        kind: "volume.remove",
        target: "volume:data",
        after: ["image.build image:web"],
        reasons: [{ code: "missing" }],
        destroys: "data",
      },
    ],
    unchanged: ["service:web/1"],
  });
});
