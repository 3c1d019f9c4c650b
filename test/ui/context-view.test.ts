import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatContext, ignoreSavings } from "../../src/ui/context-view.ts";
import { styleWith } from "../../src/ui/style.ts";
import { hostileText, SAFE_OUTPUT } from "./hostile-text.ts";

const style = styleWith({ color: false });
const narrow = styleWith({ color: true, width: 60 });

describe("formatContext", () => {
  const files = [
    { path: "node_modules/vue/dist/vue.js", size: 9_000_000, mode: 0o644 },
    { path: "packages/a/node_modules/x.js", size: 500_000, mode: 0o644 },
    { path: "src/App.vue", size: 400_000, mode: 0o644 },
    { path: "package.json", size: 100_000, mode: 0o644 },
    { path: "empty", size: 0, mode: 0o644 },
  ];

  test("shows the sum, the largest, and what an ignore line would save", () => {
    expect(formatContext({ image: "hello", root: "./hello-dock" }, files, style)).toBe(
      [
        "hello sees 5 files, 10 MB, of ./hello-dock",
        "",
        "  SIZE                    DIRECTORY",
        "  9 MB  ██████████████▍   node_modules/",
        "500 kB  ▊                 packages/",
        "400 kB  ▋                 src/",
        "",
        "  SIZE                    FILE",
        "  9 MB  ██████████████▍   node_modules/vue/dist/vue.js",
        "500 kB  ▊                 packages/a/node_modules/x.js",
        "400 kB  ▋                 src/App.vue",
        "100 kB  ▏                 package.json",
        "",
        "hint: a line node_modules in the ignore file would save 9 MB (90 %)",
        "hint: a line **/node_modules in the ignore file would save 500 kB (5 %)",
      ].join("\n"),
    );
  });

  test("small savings and needed directories are not worth a hint", () => {
    expect(ignoreSavings([{ path: "dist/a.js", size: 90_000, mode: 0 }])).toEqual([]);
    expect(ignoreSavings([{ path: "src/a.js", size: 90_000_000, mode: 0 }])).toEqual([]);
    expect(ignoreSavings([{ path: "dist", size: 90_000_000, mode: 0 }])).toEqual([]);
  });

  test("an empty context is no accident to the view", () => {
    expect(formatContext({ image: "a", root: "." }, [], style)).toBe("a sees 0 files, 0 B, of .");
  });
});

test("names can't touch the terminal", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const files = [{ path: `dist/${text}`, size: 1e6, mode: 0 }];
      expect(formatContext({ image: text, root: text }, files, narrow)).toMatch(SAFE_OUTPUT);
    }),
  );
});
