import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DockError, type ErrorCode } from "../../src/error.ts";
import type { Event } from "../../src/event.ts";
import { JsonRenderer } from "../../src/ui/json.ts";
import { PlainRenderer } from "../../src/ui/plain.ts";
import { formatPlan } from "../../src/ui/plan-view.ts";
import { styleWith } from "../../src/ui/style.ts";

interface Case {
  readonly render: "plan" | "plain" | "json";
  readonly verbose?: boolean;
  readonly color?: boolean;
  readonly width?: number;
  readonly events: readonly Event[];
}

const cases = new URL("../golden/render/", import.meta.url);

/** Errors have no JSON form that reads back; a case gives their code and message. */
function revive(event: Event): Event {
  if (event.type !== "action-failed") return event;
  const { code, message } = event.error as { code: ErrorCode; message: string };
  return { ...event, error: new DockError(code, message) };
}

async function render(of: Case): Promise<string> {
  const style = styleWith({ color: of.color ?? false, width: of.width });
  if (of.render === "plan") {
    return of.events.flatMap((event) => (event.type === "plan" ? [`${formatPlan(event.plan, style)}\n`] : [])).join("");
  }
  let text = "";
  const output = {
    write: (piece: string): boolean => {
      text += piece;
      return true;
    },
  };
  const renderer =
    of.render === "json"
      ? new JsonRenderer(output)
      : new PlainRenderer({ output, style, verbose: of.verbose ?? false });
  for (const event of of.events) renderer.emit(revive(event));
  await renderer[Symbol.asyncDispose]();
  return text;
}

describe("renders as in test/golden/render", () => {
  for (const name of readdirSync(cases).sort()) {
    test(name, async () => {
      const file = JSON.parse(readFileSync(new URL(`${name}/case.json`, cases), "utf8")) as Case;
      const expected = new URL(`${name}/expected.txt`, cases);
      await expect(await render(file)).toMatchFileSnapshot(expected.pathname);
    });
  }
});
