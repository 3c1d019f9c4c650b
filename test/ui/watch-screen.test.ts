import { describe, expect, test } from "vitest";
import { styleWith } from "../../src/ui/style.ts";
import { displayWidth } from "../../src/ui/width.ts";
import { type ScreenService, screenLines, WatchScreen } from "../../src/ui/watch-screen.ts";
import { Screen } from "./screen.ts";

const style = styleWith({ color: false });
const SERVICES: readonly ScreenService[] = [
  { name: "web", state: "healthy", isFine: true, replicas: 2, url: "http://127.0.0.1:8080/" },
  { name: "worker", state: "exited (1)", isFine: false, replicas: 1 },
];
const state = { services: SERVICES, times: [10, 20, 3000], remark: undefined, help: false };

describe("the screen of a watch", () => {
  test("has services with state and address, how long saves took, and the keys", () => {
    expect(screenLines(state, { style, width: 79, height: 20 }).slice(1)).toEqual([
      "✔ web ×2  healthy     http://127.0.0.1:8080/",
      "◌ worker  exited (1)",
      "3 saves, ready after 20 ms (p50), 3.0 s (p95)",
      "r rebuild  l logs  p plan  o open  ? help  q quit",
    ]);
  });

  test("fits into any terminal", () => {
    const many = Array.from({ length: 50 }, (_, index) => ({
      ...SERVICES[0],
      name: `service-${index}-${"x".repeat(60)}`,
    }));
    for (const [width, height] of [
      [20, 5],
      [80, 24],
      [120, 30],
    ] as const) {
      for (const help of [false, true]) {
        const lines = screenLines({ ...state, services: many as never, help }, { style, width, height });
        expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width);
        expect(lines.length).toBeLessThanOrEqual(Math.max(height, 9));
      }
    }
  });

  test("stays below what is printed, comes back where it was hidden, and leaves nothing behind", () => {
    const terminal = new Screen();
    {
      using screen = new WatchScreen({ stdout: terminal, stderr: terminal, style });
      screen.services = SERVICES;
      screen.show();
      terminal.write("src/a → live\n");
      screen.note({ type: "watch-action", action: "live", services: ["web"], files: ["a"], durationMs: 14, ok: true });
      expect(terminal.text).toMatch(/^src\/a → live\n-+\n✔ web[^]*1 save, ready after 14 ms[^]*q quit$/);
      screen.hide();
      expect(terminal.text).toBe("src/a → live");
      terminal.write("a list\n");
      screen.show();
      expect(terminal.text).toMatch(/a list\n-+\n✔ web[^]*q quit$/);
    }
    expect(terminal.text).toBe("src/a → live\na list");
  });
});
