import { expect, test } from "vitest";
import type { Reason } from "../../src/plan/reason.ts";
import { reasonWords } from "../../src/ui/reason-words.ts";
import { styleWith } from "../../src/ui/style.ts";

const style = styleWith({ color: false });

test.each<[Reason, string]>([
  [
    { code: "config-changed", path: "environment.PORT", before: "3000", after: "4000" },
    "environment.PORT: 3000 → 4000",
  ],
  [{ code: "config-changed", path: "environment.A", after: "" }, 'environment.A: "" added'],
  [{ code: "config-changed", path: "environment.A", before: "1" }, "environment.A: 1 removed"],
  [{ code: "config-changed", path: "labels" }, "labels changed"],
  [{ code: "arg-changed", path: "FILENAME", before: "a", after: "b" }, "arg FILENAME: a → b"],
  [{ code: "files-changed", files: ["src/server.ts"] }, "files changed: src/server.ts"],
  [{ code: "files-changed", files: ["a", "b", "c"] }, "files changed: a (+2)"],
  [{ code: "forced", path: "--no-cache" }, "asked for by --no-cache"],
  [{ code: "not-running", before: "exited" }, "not running (exited)"],
  [{ code: "orphan", path: "shop-old-1" }, "not in the project file any more"],
])("%j reads %s", (reason, words) => {
  expect(reasonWords(reason, style)).toBe(words);
});

test("ids and digests are cut to twelve characters, long values to what fits a line", () => {
  const digest = "0123456789ab".padEnd(64, "0");
  const words = reasonWords(
    { code: "image-changed", before: `sha256:${digest}`, after: `redis@sha256:${digest}` },
    style,
  );
  expect(words).toBe("image: 0123456789ab → redis@0123456789ab");
  const long = reasonWords({ code: "config-changed", path: "command", after: "x".repeat(500) }, style);
  expect(long).toHaveLength("command: ".length + 60 + " added".length);
});

test("values can't touch the terminal", () => {
  const words = reasonWords({ code: "config-changed", path: "a\x1b[2J", before: "x\ny", after: "\u202ez" }, style);
  expect(words).toBe("a^[[2J: x^Jy → \\u202ez");
});
