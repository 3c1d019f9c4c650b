import fc from "fast-check";
import { expect, test } from "vitest";
import { formatCheck } from "../../src/ui/check-view.ts";
import { styleWith } from "../../src/ui/style.ts";
import { hostileText, SAFE_OUTPUT } from "./hostile-text.ts";

const style = styleWith({ color: false });
const finding = { images: ["app"], file: "app/Dockerfile", line: 3, endLine: 3, rule: "UndefinedVar", message: "what" };

test("each finding is a line that an editor can open, with where its rule is explained", () => {
  const findings = [
    { ...finding, url: "https://rules.test/undefined-var/" },
    { ...finding, line: 0, rule: "", message: "no such base" },
  ];
  expect(formatCheck(findings, 1, style)).toBe(
    [
      "app/Dockerfile:3: UndefinedVar: what",
      "  https://rules.test/undefined-var/",
      "app/Dockerfile: error: no such base",
      "Checked 1 image: 2 findings.",
    ].join("\n"),
  );
  expect(formatCheck([], 2, style)).toBe("Checked 2 images: nothing found.");
});

test("what a Dockerfile says can't move the cursor", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const shown = formatCheck([{ ...finding, file: text, rule: text, message: text, url: text }], 1, style);
      expect(shown.replaceAll("\n", "")).toMatch(SAFE_OUTPUT);
    }),
  );
});
